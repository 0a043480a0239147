//! Expressions over a small cluster.

use super::*;
use crate::actor::Clock;
use crate::base::Time;
use crate::model::{Obj, Object};
use crate::store::Id;
use proptest::prelude::*;
use serde_json::{Value, json};

const CLOCK: Clock = Clock { start_us: 1_774_767_300_000_000 };

fn object(json: Value) -> Obj {
    Obj::new(Object::from_json(json).unwrap())
}

fn pod(name: &str, app: &str, image: &str, ready: bool) -> Obj {
    let conditions = json!([{"type": "Ready", "status": if ready { "True" } else { "False" }}]);
    object(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default", "labels": {"app": app}},
        "spec": {"nodeName": "a-1", "containers": [{"name": "c", "image": image}]}, "status": {"phase": "Running", "conditions": conditions}}))
}

fn deployment(namespace: &str, ready: i32) -> Obj {
    let conditions = json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]);
    object(
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": namespace, "labels": {"app": "web"}},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": {"spec": {"containers": []}}},
        "status": {"readyReplicas": ready, "conditions": conditions}}),
    )
}

fn node(name: &str, zone: &str) -> Obj {
    object(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": zone}}}))
}

fn cluster() -> Vec<Obj> {
    vec![
        node("a-1", "eu-1a"),
        deployment("default", 2),
        deployment("prod", 0),
        pod("web-1", "web", "x:v1", true),
        pod("web-2", "web", "x:v2", false),
        pod("db-1", "db", "db:1", true),
    ]
}

fn ask(text: &str) -> Result<bool, String> {
    let expression = Expression::compile(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let mut panel = Panel::new(&[expression], CLOCK);
    for object in cluster() {
        panel.note(Id(0), None, Some(&object));
    }
    panel.holds(0, Time::from_s(90))
}

#[test]
fn expressions_see_objects_as_the_api_shows_them() {
    for text in [
        "deployment('web').status.readyReplicas == 2",
        "deployment('web').status.unavailableReplicas == 0",
        "namespace('prod').deployment('web').status.readyReplicas == 0",
        "deployment('web').condition('Progressing').reason == 'ProgressDeadlineExceeded'",
        "deployment('web').condition('Available').status == ''",
        "deployment('web').metadata.labels.app == 'web' && deployment('web').metadata.labels['app'] == 'web'",
        "deployment('web').spec.template.spec.containers.size() == 0",
        "deployments().size() == 1 && namespace('*').deployments().size() == 2",
        "pods().size() == 3 && size(pods('app=web')) == 2",
        "pods('app=web').exists(p, p.image.endsWith(':v2') && !p.ready)",
        "!pods('app=web').all(p, p.ready)",
        "pods('app=db').all(p, p.ready && p.zone == 'eu-1a' && p.node == 'a-1')",
        "pods().filter(p, p.ready).size() == 2 && size(pods().filter(p, p.metadata.labels.app == 'web')) == 2",
        "pods().map(p, p.image) == ['db:1', 'x:v1', 'x:v2']",
        "pods('app in (web, db)').exists_one(p, p.metadata.name == 'db-1')",
        "nodes('topology.kubernetes.io/zone=eu-1a').size() == 1 && node('a-1').zone == 'eu-1a'",
        "has(deployment('web').status.readyReplicas) && !has(deployment('web').status.unavailableReplicas)",
        "pods().all(p, has(p.metadata.labels) && !has(p.metadata.deletionTimestamp) && p.metadata.deletionTimestamp == '')",
        "'app' in deployment('web').metadata.labels && !('x' in deployment('web').metadata.labels)",
        "pods().all(p, p.status.conditions.exists(c, c.type == 'Ready'))",
        "now > duration('1m') && now < duration('2m') && now == 90.0 && now >= 90",
        "timestamp('2026-03-29T06:56:00Z') == 60.0",
        "statefulsets().size() == 0 && ingresses().size() == 0",
        "replicasets().all(r, r.status.readyReplicas > 0)",
        "pods('app=web').filter(p, p.ready).all(p, p.image == 'x:v1')",
        "deployments().all(d, pods('app=' + d.metadata.labels.app).size() == 2)",
    ] {
        assert_eq!(ask(text), Ok(true), "{text}");
    }
}

#[test]
fn what_has_no_answer_says_why() {
    for (text, why) in [
        ("deployment('none').status.readyReplicas == 0", "there is no deployment \"none\" in namespace default"),
        ("deployment('web').status.readyReplica == 0", "there is no field readyReplica"),
        ("deployment('web').status.readyReplicas", "neither true nor false"),
        ("pods('app=web').all(p, p.nothing == 1)", "there is no field nothing"),
    ] {
        let error = ask(text).unwrap_err();
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[test]
fn names_are_checked_before_anything_runs() {
    for (text, message, hint) in [
        ("deploymnt('web').x == 1", "unknown function \"deploymnt\"", "did you mean \"deployment\"?"),
        ("nwo > 3", "unknown name \"nwo\"", "did you mean \"now\"?"),
        ("pods().all(p, q.ready)", "unknown name \"q\"", ""),
        ("deployment() == 1", "deployment takes one name, not 0 arguments", ""),
        ("pods('app in').size() == 1", "bad selector", "such as app=web,tier!=db"),
        ("deployment == 1", "\"deployment\" is a function", "such as deployment('web')"),
        ("1 +", "no CEL expression", ""),
    ] {
        let error = Expression::compile(text).unwrap_err();
        assert!(error.message.contains(message), "{text}: {}", error.message);
        if !hint.is_empty() {
            assert_eq!(error.hint, hint, "{text}");
        }
    }
    let error = Expression::compile("true && deploymnt('web').x == 1").unwrap_err();
    assert_eq!((error.at, error.width), (8, 9));
}

#[test]
fn folds_follow_every_change_and_explain_themselves() {
    let text = "pods('app=web').all(p, p.ready) && deployment('web').status.readyReplicas >= 2";
    let mut panel = Panel::new(&[Expression::compile(text).unwrap()], CLOCK);
    assert_eq!(panel.take_dirty(), [0]);
    for object in cluster() {
        panel.note(Id(0), None, Some(&object));
    }
    assert_eq!((panel.take_dirty(), panel.take_dirty()), (vec![0], vec![]));
    assert_eq!(panel.holds(0, Time::ZERO), Ok(false));
    assert_eq!(panel.why(0, Time::ZERO), "deployment('web').status.readyReplicas is 2; not so for web-2");
    let (unready, ready) = (pod("web-2", "web", "x:v2", false), pod("web-2", "web", "x:v2", true));
    panel.note(Id(0), Some(&unready), Some(&ready));
    assert_eq!(panel.holds(0, Time::ZERO), Ok(true));
    panel.note(Id(0), Some(&ready), Some(&pod("web-2", "other", "x:v2", false)));
    assert_eq!(panel.holds(0, Time::ZERO), Ok(true));
    panel.note(Id(0), None, Some(&pod("web-3", "web", "x", false)));
    assert_eq!(panel.holds(0, Time::ZERO), Ok(false));
    panel.note(Id(0), Some(&pod("web-3", "web", "x", false)), None);
    assert_eq!(panel.holds(0, Time::ZERO), Ok(true));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// What a fold says after any changes is what an evaluation from scratch would say.
    #[test]
    fn folds_agree_with_evaluation_from_scratch(changes in prop::collection::vec((0u8..5, 0u8..3, any::<bool>()), 1..30)) {
        let texts = ["pods('app=web').all(p, p.ready)", "pods('app=web').exists(p, p.ready)", "pods().filter(p, p.ready).size() == 2"];
        // With `now` in the body nothing can be folded.
        let plain = ["pods('app=web').all(p, p.ready || now < 0)", "pods('app=web').exists(p, p.ready && now >= 0)",
            "pods().filter(p, p.ready && now >= 0).size() == 2"];
        let all: Vec<Expression> = texts.iter().chain(&plain).map(|text| Expression::compile(text).unwrap()).collect();
        let mut panel = Panel::new(&all, CLOCK);
        let mut there: std::collections::BTreeMap<u8, Obj> = Default::default();
        for (name, what, ready) in changes {
            let after = (what > 0).then(|| pod(&format!("p{name}"), if what == 1 { "web" } else { "db" }, "x", ready));
            let before = match &after {
                Some(after) => there.insert(name, after.clone()),
                None => there.remove(&name),
            };
            panel.note(Id(0), before.as_ref(), after.as_ref());
            for at in 0..3 {
                prop_assert_eq!(panel.holds(at, Time::ZERO), panel.holds(at + 3, Time::ZERO));
            }
        }
    }

    #[test]
    fn no_text_makes_the_compiler_panic(text in "[a-z'().=<>&|! 0-9\\[\\]{},?:+*-]{0,60}") {
        let _ = Expression::compile(&text);
        let _ = Expression::compile(&format!("pods('app=web').all(p, {text})"));
    }
}
