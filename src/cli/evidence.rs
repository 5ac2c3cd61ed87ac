//! The fields a policy compares with what people say of themselves, held against the datasets.

use std::path::Path;

use crate::config::Config;
use crate::datamap::{Field, Graph};
use crate::domain::finding::Finding;
use crate::domain::identity::IdentityKind;
use crate::domain::policy::Policy;
use crate::domain::verification::FieldPath;

/// What is wrong with the fields that questions and names refer to.
pub(super) fn check(config: &Config, file: &Path, policy: &Policy, graph: &Graph) -> Vec<Finding> {
    let path = config.path(file);
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let finding = |field: &FieldPath, message: String| {
        let line = text.lines().position(|line| line.contains(&field.to_string())).map_or(1, |index| index + 1);
        Finding::error(&path.display().to_string(), line, message)
    };
    let mut findings = Vec::new();
    for field in &policy.name_fields {
        if described(graph, field).is_none() {
            findings.push(finding(field, format!("no dataset describes {field}")));
        }
    }
    for question in &policy.verification_questions {
        let field = &question.field;
        match described(graph, field) {
            None => findings.push(finding(field, format!("no dataset describes {field}"))),
            Some(described) => {
                let unfit = unfit(described, policy.name_fields.contains(field));
                findings.extend(unfit.map(|why| finding(field, format!("{field} cannot be asked for: {why}"))));
            }
        }
    }
    findings
}

fn described<'g>(graph: &'g Graph, path: &FieldPath) -> Option<&'g Field> {
    let node = graph.node(graph.find(&path.dataset, &path.collection)?);
    node.collection.field(&path.field).filter(|_| !node.collection.skip_processing)
}

/// Why a field is no data point of its own, or one that nobody should have to type (11 CCR 7060(d)).
fn unfit(field: &Field, named: bool) -> Option<&'static str> {
    let redacted = field.redact || field.members.iter().any(|member| member.redact);
    if redacted || field.all_categories().any(|c| c.is_never_disclosed()) {
        return Some("it is a secret, a government number or the like");
    }
    if field.identity == Some(IdentityKind::Email) {
        return Some("the address is a data point already, by the mailed code");
    }
    let name = named || field.categories.iter().any(|c| c.is("user.name"));
    name.then_some("the name is a data point already, compared by itself")
}
