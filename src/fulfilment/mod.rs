//! A person's rows are found, exported, corrected and erased here, and nobody else's.
//!
//! Everything runs on blocking threads over the traits of [`crate::connectors`]. [`trace`] follows the graph to every
//! row a person's identities lead to; [`judge`] says whose each row is; [`export`], [`erase`] and [`correct`] act on
//! what they say.

mod afar;
mod candidates;
pub mod correct;
mod disclosure;
mod done;
mod drawn;
pub mod erase;
pub mod export;
mod fingerprint;
mod free_text;
pub mod handed;
mod joined;
mod judge;
mod keeping;
mod key_set;
pub mod known;
mod left_out;
mod left_rows;
pub mod manifest;
mod masks;
mod order;
mod place;
pub mod plan;
mod planning;
mod preflight;
mod prepare;
mod preview;
mod range;
mod references;
mod rekeyed;
mod row_name;
mod scratch;
pub mod services;
mod snapshot;
mod sorted_file;
mod standing;
mod steps;
mod stream;
mod systems;
mod trace;
mod value_log;
mod values;
mod verify;
mod wanted;

pub use candidates::KEPT_BY_DECISION;
pub use correct::{Correction, CorrectionOutcome, Preview, apply, apply_telling};
pub use erase::{SystemOutcome, execute, execute_unless, rehearse};
pub use export::{Cell, CollectionHeader, ColumnHeader, ExportOptions, Exported, Sink, export, export_with};
pub use free_text::{FreeText, Sight};
pub use handed::Handed;
pub use keeping::{Hold, Keeping};
pub use left_out::LeftOut;
pub use manifest::Manifest;
pub use plan::Plan;
pub use planning::plan_access;
pub use prepare::{prepare, prepare_keeping, prepare_without};
pub use preview::{preview, preview_after};
pub use standing::{Counts, Standing};
pub use systems::Systems;
pub use verify::{Remaining, verify, verify_keeping, verify_without};

use crate::connectors::ConnectorError;
use crate::domain::ids::SystemId;

/// Why a search, an export, an erasure or a correction stopped. Holds names of systems, tables and columns, no value.
#[derive(Debug, thiserror::Error)]
pub enum FulfilmentError {
    /// A company's system failed; whether another try may help is the source's to say.
    #[error("system {system}: {source}")]
    System {
        /// The system.
        system: SystemId,
        /// What it said.
        source: ConnectorError,
    },
    /// The configuration has no such system.
    #[error("there is no system {0}")]
    UnknownSystem(SystemId),
    /// The dataset does not fit the live schema; each line says where.
    #[error("the datasets do not fit the systems: {}", .0.join("; "))]
    Misfit(Vec<String>),
    /// A row came back that none of the values looked for explains, as under a collation that ignores case: whose it
    /// is cannot be said.
    #[error("system {system}: table {table} compares keys in a way that the search cannot follow")]
    Unexplained {
        /// The system.
        system: SystemId,
        /// The table.
        table: String,
    },
    /// Between the manifest and its execution, rows appeared that refer to rows about to be erased. Nothing was
    /// changed; a new manifest will have them.
    #[error("system {system}: rows of {table} that refer to rows to be erased appeared meanwhile")]
    Overtaken {
        /// The system.
        system: SystemId,
        /// The table that refers.
        table: String,
    },
    /// Between the manifest and its execution, the schema changed. Nothing was changed; a new manifest will fit it.
    #[error("system {system}: its schema changed meanwhile")]
    Altered {
        /// The system.
        system: SystemId,
    },
    /// Since the manifest was made, a legal hold was placed on rows of it. Nothing was changed; a new manifest will keep them.
    #[error("system {system}: a legal hold was placed meanwhile")]
    Held {
        /// The system.
        system: SystemId,
    },
    /// The receiver of an export failed, or the disk that the keys of very many rows are put on.
    #[error("the export cannot be written: {0}")]
    Sink(#[from] std::io::Error),
}
