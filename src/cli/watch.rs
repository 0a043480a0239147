//! `--watch FILE`: every change as the API server's watch shows it: `t` (ms since the start), `kind`, `type`, `object`.

use crate::actor::Observer;
use crate::store::{Key, LogEntry, WatchEvent};
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes the changes into a file as they come.
pub struct WatchFile {
    file: BufWriter<File>,
}

impl WatchFile {
    /// Creates the file.
    pub fn create(path: &Path) -> Result<WatchFile, String> {
        let file = File::create(path).map_err(|error| format!("error: {}: {error}", path.display()))?;
        Ok(WatchFile { file: BufWriter::new(file) })
    }
}

impl Observer for WatchFile {
    fn commit(&mut self, _key: &Key, entry: &LogEntry) {
        let event = WatchEvent::of(entry);
        let object = match &event {
            WatchEvent::Added(object) | WatchEvent::Modified(object) | WatchEvent::Deleted(object) => object,
            WatchEvent::Bookmark(_) => return,
        };
        let line = json!({"t": entry.at.as_ms(), "kind": object.kind_name(), "type": event.type_name(), "object": object.to_json()});
        writeln!(self.file, "{line}").expect("the watch file can be written");
    }
}
