//! `metrics.om`: OpenMetrics text with timestamps (seconds since the start), ready for `promtool tsdb create-blocks-from`.
//! Format: OpenMetrics 1.0.

use crate::metrics::registry::{MetricType, Registry};
use std::fmt::Write;

/// All series as OpenMetrics.
pub fn to_text(registry: &Registry) -> String {
    let mut text = String::new();
    for (metric, labelled) in registry.iter() {
        let (kind, suffix) = match metric.kind {
            MetricType::Gauge => ("gauge", ""),
            MetricType::Counter => ("counter", "_total"),
        };
        let name = metric.name;
        let _ = writeln!(text, "# TYPE {name} {kind}\n# HELP {name} {}", metric.help);
        for (labels, series) in labelled {
            for (at, value) in series.points() {
                let _ = writeln!(text, "{name}{suffix}{labels} {value} {}", at.as_s_f64());
            }
        }
    }
    text.push_str("# EOF\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::{Observer, Record};
    use crate::base::Time;
    use crate::metrics::SharedCollector;

    #[test]
    fn counters_end_in_total_and_the_file_in_eof() {
        let mut shared = SharedCollector::new(crate::actor::Clock { start_us: 0 });
        let record = Record::Attempt { pod: "d/p".into(), attempt: 1, node: Some("n".into()), message: String::new(), waited_ns: 0 };
        shared.record(Time::from_ms(1_500), &record);
        let text = to_text(&shared.0.borrow().registry);
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            [
                "# TYPE scheduler_schedule_attempts counter",
                "# HELP scheduler_schedule_attempts Number of attempts to schedule pods, by the result.",
                "scheduler_schedule_attempts_total{profile=\"default-scheduler\",result=\"scheduled\"} 1 1.5",
                "# EOF"
            ]
        );
    }
}
