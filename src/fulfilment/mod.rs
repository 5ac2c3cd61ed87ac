//! A person's rows are found, exported, corrected and erased here, and nobody else's.
//!
//! Everything runs on blocking threads over the traits of [`crate::connectors`]. [`search`] follows the graph to every row a
//! person's identities lead to, and says whose each is; [`export`], [`erasure`] and [`correction`] act on what it says, and
//! know nothing of each other.

mod correction;
mod erasure;
pub mod export;
mod left_out;
pub mod manifest;
pub mod plan;
mod planning;
mod row_names;
pub mod row_parts;
mod schemas;
mod search;
pub mod services;
mod standing;
mod systems;

pub use correction::correct;
pub use correction::correct::{Correction, CorrectionOutcome, Preview, apply, apply_telling};
pub use correction::preview::{preview, preview_after};
pub use erasure::candidates::{KEPT_BY_DECISION, KEPT_CLAIMED};
pub use erasure::execute::{SystemOutcome, execute, execute_unless, rehearse};
pub use erasure::keeping::{Hold, Keeping};
pub use erasure::prepare::{prepare, prepare_keeping, prepare_without};
pub use erasure::verify::{Remaining, verify, verify_keeping, verify_without};
pub use export::free_text::{FreeText, Sight};
pub use export::handed;
pub use export::handed::Handed;
pub use export::{Cell, CollectionHeader, ColumnHeader, ExportOptions, Exported, Sink, export, export_with};
pub use left_out::LeftOut;
pub use manifest::Manifest;
pub use plan::Plan;
pub use planning::plan_access;
pub use row_names::RowNames;
pub use search::known;
pub use standing::{Counts, Standing};
pub use systems::Systems;

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
