//! `metrics.csv`: one line a change: `t_s,metric,labels,value`. Times in seconds since the start; a value holds until the next.

use crate::metrics::registry::Registry;
use std::io;

/// All series as CSV.
pub fn to_csv(registry: &Registry) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["t_s", "metric", "labels", "value"])?;
    for (metric, labelled) in registry.iter() {
        for (labels, series) in labelled {
            for (at, value) in series.points() {
                writer.write_record([&at.as_s_f64().to_string(), metric.name, labels, &value.to_string()])?;
            }
        }
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}
