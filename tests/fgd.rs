//! The fragmentation experiment on a small cut of the openb traces against recorded tables; and on the whole traces against the
//! published tables, if `KUBESIM_FGD` names the folder that holds them (`traces/`, `orders/`, `expected.csv`, ...).

use kubesim::lab::fgd::Experiment;
use kubesim::lab::fgd::columns::{self, Columns};
use kubesim::lab::fgd::run::Rule;
use kubesim::lab::{Bench, Policy, compare};
use kubesim::scenario;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const RULES: &str = "FGD,BestFit,GpuPacking,GpuClustering,DotProd,Random";

fn cut() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab")
}

fn table(orders: &str, seeds: &[u64]) -> String {
    let text = format!("name: cut\nworkload: {{experiment: fgd, nodes: openb_node_list_cut.csv, pods: openb_pod_list_cut.csv{orders}}}\n");
    let scenario = scenario::parse(&cut().join("cut.yaml").display().to_string(), &text).unwrap();
    let policies: Vec<Policy> = RULES.split(',').map(|name| Policy::named(name).unwrap()).collect();
    compare(&Bench::new(scenario).unwrap(), &policies, seeds, || {}).unwrap().csv()
}

#[test]
fn a_cut_of_the_trace_gives_the_recorded_table() {
    let path = cut().join("expected.csv");
    let got = table("", &[42, 43, 7]);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &got).unwrap();
    }
    assert_eq!(got, fs::read_to_string(&path).unwrap());
}

#[test]
fn orders_of_a_file_go_before_drawn_ones() {
    let drawn = table("", &[42]);
    assert_eq!(table(", orders: orders.txt", &[42]), drawn, "the file holds what is drawn for seed 42");
    // For seed 43 it has the orders of 42, which are told apart by Random's luck alone.
    let others = table(", orders: orders.txt", &[43]);
    for (one, other) in drawn.lines().zip(others.lines()).skip(1).filter(|(line, _)| !line.contains("Random")) {
        assert_eq!(one.replace(",42,", ",43,"), other);
    }
}

/// The whole comparison with the published tables.
#[test]
fn the_published_tables_come_out() {
    let Some(folder) = std::env::var_os("KUBESIM_FGD").map(PathBuf::from) else { return };
    let expected = fs::read_to_string(folder.join("expected.csv")).unwrap();
    let mut lines = expected.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut by_workload: BTreeMap<&str, Vec<Vec<&str>>> = BTreeMap::new();
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        by_workload.entry(fields[0]).or_default().push(fields);
    }
    let means = fs::read_to_string(folder.join("expected_mean.csv")).unwrap();
    let (mut equal, mut total) = (0, 0);
    let mut faults = Vec::new();
    for (workload, rows) in by_workload {
        let nodes = folder.join("traces/openb_node_list_gpu_node.csv");
        let pods = folder.join(format!("traces/openb_pod_list_{workload}.csv.gz"));
        let ordered = Experiment::read(&nodes, &pods, Some(&folder.join(format!("orders/{workload}.txt.gz")))).unwrap();
        let drawn = Experiment::read(&nodes, &pods, None).unwrap();
        assert!((42..=51).all(|seed| ordered.orders(seed) == drawn.orders(seed)), "{workload}: orders");
        let columns: Vec<Columns> = rows.par_iter().map(|row| drawn.run(Rule::named(row[1]).unwrap(), row[2].parse().unwrap())).collect();
        let mut random = Vec::new();
        for (row, columns) in rows.iter().zip(&columns) {
            if row[1] == "Random" {
                random.push(100.0 - columns.allocation(100).unwrap());
                continue;
            }
            for (name, wanted) in header.iter().zip(row).skip(3) {
                let got = printed(columns, name);
                total += 1;
                equal += usize::from(got == *wanted);
                if got != *wanted {
                    faults.push(format!("{workload} {} {} {name}: {got} instead of {wanted}", row[1], row[2]));
                }
            }
        }
        let wanted = means.lines().find(|line| line.starts_with(&format!("{workload},Random,"))).unwrap();
        let wanted: Vec<f64> = wanted.split(',').skip(2).map(|field| field.parse().unwrap()).collect();
        let mean = random.iter().sum::<f64>() / random.len() as f64;
        println!("{workload}: Random leaves {mean:.3} % unallocated, published {:.3} (sd {:.3})", wanted[0], wanted[1]);
        assert!((mean - wanted[0]).abs() <= 1.4 * wanted[1], "{workload}: Random");
    }
    println!("{equal} of {total} values equal as printed\n{}", faults.join("\n"));
    assert_eq!(equal, total);
}

fn printed(columns: &Columns, name: &str) -> String {
    let (kind, percent) = name.split_once('_').unwrap();
    let percent = percent.parse().unwrap();
    match kind {
        "alloc" => format!("{:.2}", columns.allocation(percent).unwrap()),
        _ => format!("{:.4}", columns::read_back(columns.fragmentation(percent).unwrap())),
    }
}

/// Decision by decision.
#[test]
fn the_published_decisions_come_out() {
    let Some(folder) = std::env::var_os("KUBESIM_FGD").map(PathBuf::from) else { return };
    let checkpoints = fs::read_to_string(folder.join("checkpoints_default_42.csv")).unwrap();
    let nodes = folder.join("traces/openb_node_list_gpu_node.csv");
    let experiment = Experiment::read(&nodes, &folder.join("traces/openb_pod_list_default.csv.gz"), None).unwrap();
    let mut compared = 0;
    for (name, rule) in Rule::ALL {
        let mut lines = Vec::new();
        experiment.run_watched(rule, 42, |decision| {
            let (pod, node) = experiment.names(&decision);
            let gpus: Vec<String> = decision.gpus.iter().map(usize::to_string).collect();
            let (used, arrived) = (decision.used_milli, decision.arrived_milli);
            lines.push(format!("{pod},{node},{},{used},{arrived},{:.2}", gpus.join("-"), decision.fragmented_milli));
        });
        for row in checkpoints.lines().filter(|row| row.split(',').next() == Some(name)) {
            let fields: Vec<&str> = row.split(',').collect();
            let line = &lines[fields[1].parse::<usize>().unwrap()];
            // Copies of pods have names of their own there.
            let pod = fields[2].split("-tuned-").next().unwrap();
            let wanted = [&[pod], &fields[3..8]].concat().join(",");
            assert_eq!(*line, wanted, "{name} {}", fields[1]);
            compared += 1;
        }
    }
    println!("{compared} decisions compared");
}
