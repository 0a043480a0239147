//! Lines and tables of trace files: plain or gzipped, read one line at a time however long the file is, and every fault with
//! file, line, column and hint.

use crate::base::input_error::{InputError, did_you_mean};
use flate2::bufread::MultiGzDecoder;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

type Result<T> = std::result::Result<T, InputError>;

/// No line of a trace may be longer: 16 MiB, for a whole object of JSON in a line.
const LINE_BYTES_MAX: u64 = 16 << 20;
/// The first bytes of a gzipped file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A trace file, at some line.
pub struct Lines {
    /// The file as the user named it.
    pub file: Arc<str>,
    /// The present line, from 1; 0 before the first.
    pub number: u64,
    /// Its text without the line's end.
    pub text: String,
    reader: Box<dyn BufRead>,
    bytes: Vec<u8>,
}

/// Opens a file: its bytes, decompressed where they are gzipped.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    let name = path.to_string_lossy();
    let file = std::fs::File::open(path).map_err(|error| InputError::new(format!("cannot read it: {error}")).in_file(&*name))?;
    decompressed(Box::new(file)).map_err(|error| InputError::new(format!("cannot read it: {error}")).in_file(&*name))
}

/// The bytes of a stream, decompressed where they are gzipped.
fn decompressed(raw: Box<dyn Read>) -> std::io::Result<Box<dyn BufRead>> {
    let mut reader = BufReader::with_capacity(64 << 10, raw);
    let packed = reader.fill_buf()?.starts_with(&GZIP);
    Ok(if packed { Box::new(BufReader::with_capacity(64 << 10, MultiGzDecoder::new(reader))) } else { Box::new(reader) })
}

impl Lines {
    /// The lines of a file.
    pub fn open(path: &Path) -> Result<Lines> {
        Ok(Lines { reader: open(path)?, ..Lines::from_reader(&path.to_string_lossy(), std::io::empty()) })
    }

    /// The lines of a stream, which is not decompressed.
    pub fn from_reader(file: &str, reader: impl Read + 'static) -> Lines {
        let reader = Box::new(BufReader::new(reader));
        Lines { file: file.into(), number: 0, text: String::new(), reader, bytes: Vec::new() }
    }

    /// Goes to the next line; `false` at the end of the file.
    pub fn advance(&mut self) -> Result<bool> {
        self.bytes.clear();
        self.number += 1;
        let mut limited = (&mut self.reader).take(LINE_BYTES_MAX + 1);
        if let Err(error) = limited.read_until(b'\n', &mut self.bytes) {
            self.text.clear();
            let cut = error.kind() == std::io::ErrorKind::UnexpectedEof;
            let fault = self.fault(format!("cannot read on: {error}"));
            return Err(if cut { fault.with_hint("the compressed file is not complete") } else { fault.with_hint("is the file sound?") });
        }
        if self.bytes.len() as u64 > LINE_BYTES_MAX {
            self.text.clear();
            return Err(self.fault(format!("the line is longer than {} MiB", LINE_BYTES_MAX >> 20)).with_hint("is this the right format?"));
        }
        if self.bytes.is_empty() {
            return Ok(false);
        }
        while self.bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            self.bytes.pop();
        }
        let bytes = if self.number == 1 { self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.bytes) } else { &self.bytes };
        self.text.clear();
        match std::str::from_utf8(bytes) {
            Ok(text) => self.text.push_str(text),
            Err(_) => return Err(self.fault("the line is not UTF-8".into()).with_hint("is the file sound, and of this format?")),
        }
        Ok(true)
    }

    /// An error in the present line.
    pub fn fault(&self, message: String) -> InputError {
        let line = u32::try_from(self.number).unwrap_or(u32::MAX);
        InputError { line, source: self.text.chars().take(4_096).collect(), ..InputError::new(message).in_file(&*self.file) }
    }

    /// An error at some bytes of the present line.
    pub fn fault_at(&self, from: usize, to: usize, message: String) -> InputError {
        let column = self.text.get(..from).unwrap_or("").chars().count() as u32 + 1;
        let width = self.text.get(from..to).unwrap_or("").chars().count().max(1) as u32;
        InputError { column, width, ..self.fault(message) }
    }
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in the header.
    pub name: &'static str,
    /// Whether the table is no use without it.
    pub required: bool,
}

/// A column that must be there.
pub const fn needed(name: &'static str) -> Column {
    Column { name, required: true }
}

/// A column that may be missing.
pub const fn optional(name: &'static str) -> Column {
    Column { name, required: false }
}

/// How the columns of a table are found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Header {
    /// The first line names them; unknown ones are passed over.
    Named,
    /// The first line names them; unknown ones are an error.
    Strict,
    /// No header: they stand in the documented order.
    Positions,
    /// No header: they stand in the documented order, parted by white space.
    Blanks,
}

/// A table of values, at some row.
pub struct Table {
    /// The file.
    pub lines: Lines,
    columns: &'static [Column],
    header: Header,
    /// For each column its place in the file.
    places: Vec<Option<usize>>,
    /// Begin and end of each field in the present line; a quoted field's quotes are outside.
    fields: Vec<(usize, usize)>,
}

impl Table {
    /// Reads the header, if the table has one.
    pub fn new(lines: Lines, columns: &'static [Column], header: Header) -> Result<Table> {
        let mut table = Table { lines, columns, header, places: Vec::new(), fields: Vec::new() };
        if matches!(header, Header::Positions | Header::Blanks) {
            table.places = (0..columns.len()).map(Some).collect();
            return Ok(table);
        }
        if !table.advance_line()? {
            let error = InputError::new("the file is empty").in_file(&*table.lines.file);
            return Err(error.with_hint(format!("its first line names the columns: {}", table.column_names())));
        }
        table.take_header()?;
        Ok(table)
    }

    /// A table of named columns whose header is the present line.
    pub fn with_header_read(lines: Lines, columns: &'static [Column]) -> Result<Table> {
        let mut table = Table { lines, columns, header: Header::Named, places: Vec::new(), fields: Vec::new() };
        table.split_commas()?;
        table.take_header()?;
        Ok(table)
    }

    /// Finds the columns by the present line.
    fn take_header(&mut self) -> Result<()> {
        let names: Vec<&str> = self.fields.iter().map(|(from, to)| self.lines.text[*from..*to].trim()).collect();
        for (at, name) in names.iter().enumerate() {
            let (from, to) = self.fields[at];
            let known = self.columns.iter().any(|column| column.name == *name);
            if self.header == Header::Strict && !known {
                let mut hint = did_you_mean(name, self.columns.iter().map(|column| column.name));
                if hint.is_empty() {
                    hint = format!("known columns: {}", self.column_names());
                }
                return Err(self.lines.fault_at(from, to, format!("unknown column \"{name}\"")).with_hint(hint));
            }
            if known && names[..at].contains(name) {
                return Err(self.lines.fault_at(from, to, format!("the column \"{name}\" is there twice")));
            }
        }
        self.places = self.columns.iter().map(|column| names.iter().position(|name| *name == column.name)).collect();
        let missing = self.columns.iter().zip(&self.places).find(|(column, place)| column.required && place.is_none());
        if let Some((column, _)) = missing {
            let near = did_you_mean(column.name, names.iter().copied());
            let hint = if near.is_empty() { format!("the first line names the columns: {}", self.column_names()) } else { near };
            let hint = hint.replace("did you mean", "is it");
            return Err(self.lines.fault(format!("there is no column \"{}\"", column.name)).with_hint(hint));
        }
        Ok(())
    }

    fn column_names(&self) -> String {
        self.columns.iter().map(|column| column.name).collect::<Vec<_>>().join(",")
    }

    /// Goes to the next row that is not blank; `false` at the end.
    pub fn advance(&mut self) -> Result<bool> {
        if !self.advance_line()? {
            return Ok(false);
        }
        let wanted = self.columns.iter().zip(&self.places).filter(|(column, _)| column.required);
        let short = wanted.filter_map(|(column, place)| Some((column, (*place)?))).find(|(_, place)| *place >= self.fields.len());
        if let Some((column, place)) = short {
            let message = format!("the row has {} fields, \"{}\" would be field {}", self.fields.len(), column.name, place + 1);
            return Err(self.lines.fault(message).with_hint(format!("columns: {}", self.column_names())));
        }
        Ok(true)
    }

    fn advance_line(&mut self) -> Result<bool> {
        loop {
            if !self.lines.advance()? {
                return Ok(false);
            }
            let text = self.lines.text.trim_start();
            if text.is_empty() || self.header == Header::Blanks && text.starts_with(';') {
                continue;
            }
            if self.header == Header::Blanks {
                self.split_blanks()
            } else {
                self.split_commas()?
            }
            return Ok(true);
        }
    }

    fn split_blanks(&mut self) {
        self.fields.clear();
        let text = &self.lines.text;
        let mut from = None;
        for (at, c) in text.char_indices() {
            match (c.is_whitespace(), from) {
                (true, Some(begin)) => {
                    self.fields.push((begin, at));
                    from = None;
                }
                (false, None) => from = Some(at),
                _ => {}
            }
        }
        self.fields.extend(from.map(|begin| (begin, text.len())));
    }

    fn split_commas(&mut self) -> Result<()> {
        self.fields.clear();
        let bytes = self.lines.text.as_bytes();
        let mut at = 0;
        loop {
            if bytes.get(at) == Some(&b'"') {
                let Some(end) = bytes[at + 1..].iter().position(|byte| *byte == b'"').map(|found| at + 1 + found) else {
                    return Err(self.lines.fault_at(at, at + 1, "this quote is never closed".into()).with_hint("a field ends in its line"));
                };
                self.fields.push((at + 1, end));
                at = end + 1;
                if at < bytes.len() && bytes[at] != b',' {
                    return Err(self.lines.fault_at(at, at + 1, "text after a closing quote".into()).with_hint("a comma parts fields"));
                }
            } else {
                let end = bytes[at..].iter().position(|byte| *byte == b',').map_or(bytes.len(), |found| at + found);
                self.fields.push((at, end));
                at = end;
            }
            if at >= bytes.len() {
                return Ok(());
            }
            at += 1;
        }
    }

    /// The text of a column; `None` if it is empty, `nan` or not there.
    pub fn get(&self, column: usize) -> Option<&str> {
        let (from, to) = *self.fields.get(self.places[column]?)?;
        let text = self.lines.text[from..to].trim();
        let nothing = text.is_empty() || text.eq_ignore_ascii_case("nan") || text.eq_ignore_ascii_case("null");
        (!nothing).then_some(text)
    }

    /// An error in a column of the present row.
    pub fn fault(&self, column: usize, message: &str) -> InputError {
        let message = format!("{}: {message}", self.columns[column].name);
        match self.places[column].and_then(|place| self.fields.get(place)) {
            Some((from, to)) => self.lines.fault_at(*from, *to, message),
            None => self.lines.fault(message),
        }
    }

    /// The text of a column that must not be empty.
    pub fn text(&self, column: usize) -> Result<&str> {
        self.get(column).ok_or_else(|| self.fault(column, "this must not be empty"))
    }

    /// A finite number, if there is one.
    pub fn number(&self, column: usize) -> Result<Option<f64>> {
        let Some(text) = self.get(column) else { return Ok(None) };
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(self.fault(column, &format!("\"{text}\" is no number")).with_hint("a number such as 12 or 0.5")),
        }
    }

    /// A number from 0 to `max`, if there is one.
    pub fn amount(&self, column: usize, max: f64) -> Result<Option<f64>> {
        match self.number(column)? {
            Some(number) if number < 0.0 => Err(self.fault(column, &format!("{number} is negative")).with_hint("0 or more")),
            Some(number) if number > max => Err(self.fault(column, &format!("{number} is too large")).with_hint(format!("at most {max}"))),
            other => Ok(other),
        }
    }

    /// A number from 0 to `max` that must be there.
    pub fn needed_amount(&self, column: usize, max: f64) -> Result<f64> {
        self.amount(column, max)?.ok_or_else(|| self.fault(column, "this must not be empty").with_hint("a number, 0 or more"))
    }

    /// A whole number from 0 to `max`, if there is one.
    pub fn count(&self, column: usize, max: u64) -> Result<Option<u64>> {
        match self.amount(column, max as f64)? {
            // Whole numbers that went through a table of floats end in `.0`.
            Some(number) if number == libm::trunc(number) => Ok(Some(number as u64)),
            Some(number) => Err(self.fault(column, &format!("{number} is no whole number"))),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    static COLUMNS: &[Column] = &[needed("name"), needed("cpu"), optional("gpu")];

    fn table(text: &str, header: Header) -> Result<Table> {
        Table::new(Lines::from_reader("t.csv", std::io::Cursor::new(text.as_bytes().to_vec())), COLUMNS, header)
    }

    #[test]
    fn columns_are_found_by_name_and_blank_lines_are_none() {
        let mut table = table("cpu,more,name\n\n 2,x,\"a,b\"\r\n", Header::Named).unwrap();
        assert!(table.advance().unwrap());
        assert_eq!((table.text(0).unwrap(), table.count(1, 9).unwrap(), table.get(2)), ("a,b", Some(2), None));
        assert!(!table.advance().unwrap());
    }

    #[test]
    fn faults_name_file_row_column_and_hint() {
        let fault = |text: &str, header| {
            let mut table = match table(text, header) {
                Ok(table) => table,
                Err(error) => return error.to_string(),
            };
            loop {
                match table.advance().and_then(|more| Ok((more, if more { table.needed_amount(1, 100.0)? } else { 0.0 }))) {
                    Ok((true, _)) => {}
                    Ok((false, _)) => return "no fault".into(),
                    Err(error) => return error.to_string(),
                }
            }
        };
        let named = Header::Named;
        assert_eq!(
            fault("name,cpu\na,1\nb,two\n", named),
            "error: t.csv:3:3: cpu: \"two\" is no number\n   3 | b,two\n     |   ^^^ a number such as 12 or 0.5"
        );
        assert!(fault("name,cpu\nb,-2\n", named).contains("t.csv:2:3: cpu: -2 is negative"));
        assert!(fault("name,cpu\nb,2000\n", named).ends_with("^^^^ at most 100"));
        assert!(fault("name,cpu\nb\n", named).contains("t.csv:2: the row has 1 fields, \"cpu\" would be field 2"));
        assert!(fault("name,cpus\n", named).contains("hint: is it \"cpus\"?"));
        assert!(fault("name,cpu,gpus\n", Header::Strict).ends_with("^^^^ did you mean \"gpu\"?"));
        assert!(fault("name,cpu,cpu\n", named).contains("is there twice"));
        assert!(fault("", named).contains("t.csv: the file is empty"));
        assert!(fault("a,\"2\n", Header::Positions).contains("never closed"));
        assert_eq!(fault("; a comment\n a  2\n", Header::Blanks), "no fault");
    }

    #[test]
    fn gzipped_files_are_read_and_cut_ones_are_not() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        (0..10_000).for_each(|n| writeln!(packed, "row {n} {}", n * 7919).unwrap());
        let packed = packed.finish().unwrap();
        let path = std::env::temp_dir().join(format!("kubesim-lines-{}.gz", std::process::id()));
        let count = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let mut lines = Lines::open(&path).unwrap();
            let mut count = 0;
            loop {
                match lines.advance() {
                    Ok(true) => count += 1,
                    Ok(false) => return Ok(count),
                    Err(error) => return Err(error.hint),
                }
            }
        };
        assert_eq!(count(&packed), Ok(10_000));
        assert_eq!(count(&packed[..packed.len() / 2]), Err("the compressed file is not complete".into()));
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_stream_without_an_end_is_read_line_by_line() {
        let mut lines = Lines::from_reader("-", std::io::repeat(b'\n'));
        (0..100_000).for_each(|_| assert!(lines.advance().unwrap()));
        let mut lines = Lines::from_reader("-", std::io::repeat(b'x'));
        assert!(lines.advance().unwrap_err().message.contains("longer than 16 MiB"));
    }
}
