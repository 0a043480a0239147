//! A merged sweep as Parquet: texts for what names a run, doubles for figures (null where a run has nothing to measure), the seed
//! as an unsigned 64-bit number. Uncompressed, one row group a million rows; equal tables give equal bytes.

use super::merge::Merged;
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use std::sync::Arc;

/// Rows of a row group.
const GROUP_ROWS: usize = 1_000_000;
/// The column with the seed.
const SEED: &str = "seed";

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Seed,
    Figure,
}

fn kind(merged: &Merged, column: usize) -> Kind {
    match () {
        _ if column >= merged.keys => Kind::Figure,
        _ if merged.columns[column] == SEED => Kind::Seed,
        _ => Kind::Text,
    }
}

/// The table as a Parquet file.
pub fn to_parquet(merged: &Merged) -> Result<Vec<u8>> {
    let kinds: Vec<Kind> = (0..merged.columns.len()).map(|column| kind(merged, column)).collect();
    let fields = merged.columns.iter().zip(&kinds).map(|(name, kind)| field(name, *kind)).collect::<Result<Vec<_>>>()?;
    let schema = Type::group_type_builder("sweep").with_fields(fields).build()?;
    let properties = WriterProperties::builder().set_created_by(format!("kubesim {}", env!("CARGO_PKG_VERSION"))).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    for rows in merged.rows.chunks(GROUP_ROWS) {
        let mut group = writer.next_row_group()?;
        for (column, kind) in kinds.iter().enumerate() {
            let texts = rows.iter().map(|row| row[column].as_str());
            write(&mut group, &merged.columns[column], *kind, texts)?;
        }
        group.close()?;
    }
    writer.into_inner()
}

fn field(name: &str, kind: Kind) -> Result<Arc<Type>> {
    let (physical, logical, repetition) = match kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String), Repetition::REQUIRED),
        Kind::Seed => (Physical::INT64, Some(LogicalType::integer(64, false)), Repetition::REQUIRED),
        Kind::Figure => (Physical::DOUBLE, None, Repetition::OPTIONAL),
    };
    let builder = Type::primitive_type_builder(name, physical).with_repetition(repetition).with_logical_type(logical);
    builder.build().map(Arc::new)
}

fn write<'t>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    name: &str,
    kind: Kind,
    texts: impl Iterator<Item = &'t str>,
) -> Result<()> {
    let bad = |text: &str| ParquetError::General(format!("column {name}: \"{text}\" is no number"));
    let mut column = group.next_column()?.ok_or_else(|| ParquetError::General("a column too many".into()))?;
    match kind {
        Kind::Text => {
            let values: Vec<ByteArray> = texts.map(ByteArray::from).collect();
            column.typed::<ByteArrayType>().write_batch(&values, None, None)?;
        }
        Kind::Seed => {
            let values =
                texts.map(|text| text.parse::<u64>().map(|seed| seed as i64).map_err(|_| bad(text))).collect::<Result<Vec<_>>>()?;
            column.typed::<Int64Type>().write_batch(&values, None, None)?;
        }
        Kind::Figure => {
            let all: Vec<&str> = texts.collect();
            let levels: Vec<i16> = all.iter().map(|text| i16::from(!text.is_empty())).collect();
            let there = all.into_iter().filter(|text| !text.is_empty());
            let values = there.map(|text| text.parse::<f64>().map_err(|_| bad(text))).collect::<Result<Vec<_>>>()?;
            column.typed::<DoubleType>().write_batch(&values, Some(&levels), None)?;
        }
    }
    column.close()
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    /// The bytes as a file that is gone once it is closed.
    fn file(bytes: &[u8]) -> std::fs::File {
        let path = std::env::temp_dir().join(format!("kubesim-{}.parquet", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        let file = std::fs::File::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        file
    }

    #[test]
    fn a_table_is_read_back() {
        let texts = |row: &[&str]| row.iter().map(|text| text.to_string()).collect::<Vec<_>>();
        let merged = Merged {
            columns: texts(&["run", "policy", "seed", "alloc_100"]),
            keys: 3,
            rows: vec![texts(&["0a", "FGD", "18446744073709551615", "91.25"]), texts(&["0b", "Böse", "7", ""])],
        };
        let bytes = to_parquet(&merged).unwrap();
        assert_eq!(bytes, to_parquet(&merged).unwrap());
        let reader = SerializedFileReader::new(file(&bytes)).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!((rows[0].get_string(1).unwrap().as_str(), rows[0].get_ulong(2).unwrap()), ("FGD", u64::MAX));
        assert_eq!((rows[0].get_double(3).unwrap(), rows[1].get_double(3).is_err()), (91.25, true));
        assert_eq!(rows[1].get_string(1).unwrap(), "Böse");
    }
}
