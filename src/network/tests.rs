//! Of the parts that need no world around them; `tests/traffic.rs` plays whole ones.

use super::clients::Clients;
use super::load::{Load, Port, Rate, Retries, Sender};
use super::*;
use crate::base::Seed;

fn load() -> Load {
    Load {
        name: "web".into(),
        namespace: "default".into(),
        service: "web".into(),
        host: Str::default(),
        port: Port::First,
        from: Sender::Nodes(None),
        clients: 0,
        connections: 0,
        timeout: Span::from_s(1),
        retries: Retries { limit: 0, backoff: Span::ZERO, factor: 1 },
        name_ttl: Span::from_s(5),
        start: None,
        rate: Rate::constant(1_000),
    }
}

#[test]
fn a_large_fleet_sends_from_few_nodes_and_clients_go_round() {
    let places: Vec<(Str, Str)> = (0..5_000).map(|n| (format!("n-{n}").into(), format!("n-{n}").into())).collect();
    let drawn = spread(places.clone(), &load(), Seed(1));
    assert_eq!(drawn.len(), CLIENTS_MAX);
    assert_eq!(drawn, spread(places.into_iter().rev().collect(), &load(), Seed(1)));
    let two = vec![("a".into(), "a".into()), ("b".into(), "b".into())];
    let five = spread(two, &Load { clients: 5, ..load() }, Seed(1));
    assert_eq!(five.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["a/0", "b/1", "a/2", "b/3", "a/4"]);
    assert!(spread(Vec::new(), &Load { clients: 5, ..load() }, Seed(1)).is_empty());
}

#[test]
fn each_node_lags_by_a_draw_of_its_own_and_never_goes_back() {
    let (load, mut servers) = (load(), servers::Servers::default());
    let mut clients = Clients::default();
    let names = ["a", "b", "c"].map(|name| (Str::from(name), Str::from(name), Str::default()));
    clients.replace(names.to_vec(), &load, false, Time::ZERO, Seed(1));
    clients.learn(&load, Time::ZERO, &mut servers);
    let lag = Lag { seed: Seed(1), endpoints: Dist::Uniform { min: Span::from_ms(200), max: Span::from_s(2) } };
    for second in 1..20 {
        clients.hear(Snapshot { known: true, ..Snapshot::default() }, &load, Time::from_s(second), lag);
    }
    let mut last = Time::ZERO;
    let mut changes = 0;
    while clients.next_news() < Time::MAX {
        assert!(clients.next_news() >= last && clients.next_news() >= Time::from_ms(1_200));
        last = clients.next_news();
        assert!(clients.learn(&load, last, &mut servers));
        changes += 1;
    }
    assert!(changes > 30 && last < Time::from_s(22));
    assert!(!clients.all_know_some());
}
