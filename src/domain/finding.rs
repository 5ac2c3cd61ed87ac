//! A finding says what is wrong in one of the operator's files, and on which line.

use std::fmt;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// Habeas cannot work with the file as it is; `habeas check` exits 1.
    Error,
    /// Habeas works, but probably not as the author of the file meant.
    Warning,
}

/// One thing that is wrong in a config, policy, regime or dataset file.
///
/// A finding never holds personal data: it speaks of files that operators write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file, as the operator named it.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// Whether Habeas can go on.
    pub severity: Severity,
    /// What is wrong and, where it is known, what would be right.
    pub message: String,
}

impl Finding {
    /// An error in `file`, on `line`.
    pub fn error(file: &str, line: usize, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, severity: Severity::Error, message: message.into() }
    }

    /// What the TOML parser found wrong in `text`, the content of `file`.
    pub fn of_toml(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        Self::error(file, 1 + before.matches('\n').count(), error.message())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { file, line, severity, message } = self;
        match severity {
            Severity::Error => write!(out, "{file}:{line}: {message}"),
            Severity::Warning => write!(out, "{file}:{line}: warning: {message}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(Severity::Error, "crm.yml:7: no such column")]
    #[case(Severity::Warning, "crm.yml:7: warning: no such column")]
    fn reads_like_a_compiler(#[case] severity: Severity, #[case] expected: &str) {
        let finding = Finding { file: "crm.yml".into(), line: 7, severity, message: "no such column".into() };
        assert_eq!(finding.to_string(), expected);
    }
}
