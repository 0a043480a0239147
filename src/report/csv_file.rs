//! `metrics.csv`: one line a change: `t_s,metric,labels,value`. Times in seconds since the start; a value holds until the next.

use super::number::Numbers;
use crate::metrics::registry::Registry;
use std::io::{self, Write};

/// Writes all series as CSV.
pub fn write(registry: &Registry, mut to: impl Write) -> io::Result<()> {
    let mut numbers = Numbers::default();
    to.write_all(b"t_s,metric,labels,value\n")?;
    for (metric, labelled) in registry.iter() {
        for (labels, series) in labelled {
            let middle = format!(",{},\"{}\",", metric.name, labels.replace('"', "\"\""));
            for (at, value) in series.points() {
                to.write_all(numbers.seconds(*at))?;
                to.write_all(middle.as_bytes())?;
                to.write_all(numbers.value(*value))?;
                to.write_all(b"\n")?;
            }
        }
    }
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::{Observer, Record};
    use crate::base::Time;
    use crate::metrics::SharedCollector;

    #[test]
    fn lines_are_those_of_a_csv_writer() {
        let mut shared = SharedCollector::new(crate::actor::Clock { start_us: 0 });
        for ms in [1_500, 2_000, 61_003] {
            let record = Record::Attempt { pod: "d/p".into(), attempt: 1, node: Some("n".into()), message: String::new(), waited_ns: 0 };
            shared.record(Time::from_ms(ms), &record);
        }
        let mut expected = csv::Writer::from_writer(Vec::new());
        expected.write_record(["t_s", "metric", "labels", "value"]).unwrap();
        for (at, count) in [("1.5", "1"), ("2", "2"), ("61.003", "3")] {
            let labels = "{profile=\"default-scheduler\",result=\"scheduled\"}";
            expected.write_record([at, "scheduler_schedule_attempts", labels, count]).unwrap();
        }
        let mut found = Vec::new();
        write(&shared.0.borrow().registry, &mut found).unwrap();
        assert_eq!(String::from_utf8(found).unwrap(), String::from_utf8(expected.into_inner().unwrap()).unwrap());
    }
}
