//! `metrics.om`: OpenMetrics text with timestamps (seconds since the start), ready for `promtool tsdb create-blocks-from`.
//! Format: OpenMetrics 1.0.

use super::number::Numbers;
use crate::metrics::registry::{MetricType, Registry};
use std::io::{self, Write};

/// Writes all series as OpenMetrics.
pub fn write(registry: &Registry, mut to: impl Write) -> io::Result<()> {
    let mut numbers = Numbers::default();
    for (metric, labelled) in registry.iter() {
        let (kind, suffix) = match metric.kind {
            MetricType::Gauge => ("gauge", ""),
            MetricType::Counter => ("counter", "_total"),
        };
        let name = metric.name;
        writeln!(to, "# TYPE {name} {kind}\n# HELP {name} {}", metric.help)?;
        for (labels, series) in labelled {
            let begin = format!("{name}{suffix}{labels} ");
            for (at, value) in series.points() {
                to.write_all(begin.as_bytes())?;
                to.write_all(numbers.value(*value))?;
                to.write_all(b" ")?;
                to.write_all(numbers.seconds(*at))?;
                to.write_all(b"\n")?;
            }
        }
    }
    to.write_all(b"# EOF\n")?;
    to.flush()
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
        let mut text = Vec::new();
        write(&shared.0.borrow().registry, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
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
