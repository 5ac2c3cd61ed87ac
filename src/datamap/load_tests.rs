use super::*;
use crate::datamap::Direction;
use crate::domain::identity::IdentityKind;
use crate::domain::masking::{Algorithm, Masking, Truncation};

/// A dataset whose only collection has one field with this `fides_meta`; the meta stands on line 7.
fn field_with(meta: &str) -> String {
    format!(
        "dataset:\n- fides_key: d\n  collections:\n  - name: c\n    data_categories: [user]\n    fields:\n    - {{name: f, fides_meta: {meta}}}\n"
    )
}

fn findings(text: &str) -> Vec<String> {
    let all = match load(text, "d.yml") {
        Ok(dataset) => dataset.warnings,
        Err(findings) => findings,
    };
    all.iter().map(ToString::to_string).collect()
}

const WHOLE: &str = "
dataset:
  - fides_key: crm
    name: CRM
    description: Customers.
    organization_fides_key: default_organization
    data_categories: [system.operations]
    third_country_transfers: [USA]
    fides_meta:
      after: [other]
      namespace: {schema: sales}
    collections:
      - name: customers
        description: People who buy.
        data_categories: [user.account]
        retention: three years
        fidesops_meta:
          after: [crm.orders]
          erase_after: [crm.orders]
          skip_processing: no
          masking_strategy_override: {strategy: string_rewrite, configuration: {rewrite_value: masked}}
        fields:
          - name: id
            data_qualifier: aggregated
            fidesops_meta: {primary_key: True, data_type: integer}
          - name: email
            data_categories: [user.contact.email]
            fides_meta: {identity: email, data_type: string, length: 254, read_only: true}
          - name: phone
            fides_meta: {identity: phone_number, redact: true}
          - name: number
            fides_meta:
              identity: customer_number
              return_all_elements: true
              masking_strategy_override: {strategy: null_rewrite}
              references:
                - {dataset: shop, field: orders.customer, direction: to}
                - {dataset: shop, field: visits.customer}
";

#[test]
fn a_whole_dataset_is_read() {
    let dataset = load(WHOLE, "crm.yml").unwrap();
    assert_eq!(dataset.warnings, []);
    assert_eq!((dataset.key.as_str(), dataset.line, dataset.collections.len()), ("crm", 3, 1));
    let customers = &dataset.collections[0];
    assert_eq!(customers.table.to_string(), "sales.customers");
    assert_eq!(customers.description.as_deref(), Some("People who buy."));
    assert_eq!(customers.masking, Some(Masking::text("masked")));
    assert_eq!(customers.erase_after[0].to_string(), "crm.orders");
    let [id, email, phone, number] = customers.fields.as_slice() else { panic!("{customers:?}") };
    assert!(id.primary_key && id.is_personal(), "categories are inherited");
    let names: Vec<_> = email.categories.iter().map(Category::as_str).collect();
    assert_eq!(names, ["user.contact.email", "user.account", "system.operations"]);
    assert_eq!((email.identity, email.length, email.read_only), (Some(IdentityKind::Email), Some(254), true));
    assert_eq!((phone.identity, phone.redact), (Some(IdentityKind::Phone), true));
    assert_eq!((number.identity, &number.masking), (Some(IdentityKind::AccountId), &Some(Masking::NullRewrite)));
    let ways: Vec<_> = number.references.iter().map(|r| (r.collection.as_str(), r.direction, r.line)).collect();
    assert_eq!(ways, [("orders", Some(Direction::To), 37), ("visits", None, 38)]);
}

#[test]
fn of_several_datasets_one_is_named() {
    let text = "dataset:\n- fides_key: x\n  colections: []\n- fides_key: y\n  collections:\n  - name: c\n    fields:\n    - {name: f}\n";
    assert_eq!(load_one(text, "d.yml", Some("y")).unwrap().key, "y", "whatever stands in the others");
    let told =
        |key: &str| load_one(text, "d.yml", Some(key)).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(told("z"), ["d.yml:1: the file has no dataset `z`; it has x, y"]);
    assert!(told("x").contains(&"d.yml:2: dataset `x` needs `collections`".to_owned()), "{:?}", told("x"));
}

#[rstest::rstest]
#[case("a: [1\nb: }", "this is not YAML")]
#[case("[]", "d.yml:1: a dataset file must be a mapping of keys to values, not a list")]
#[case("datasets: []", "d.yml:1: the file needs the key `dataset` with a list of datasets")]
#[case("dataset: []", "d.yml:1: `dataset` is empty")]
#[case("dataset: []\npolicy: []", "d.yml:1: `dataset` is empty")]
#[case("dataset:\n- name: x", "d.yml:2: a dataset needs its `fides_key`")]
#[case("dataset:\n- fides_key: x", "d.yml:2: dataset `x` needs `collections`")]
#[case("dataset:\n- fides_key: x\n  collections:\n  - fields: []", "d.yml:4: a collection needs its `name`")]
#[case("dataset:\n- fides_key: x\n  collections:\n  - name: c", "d.yml:4: collection `c` needs `fields`")]
#[case(
    "dataset:\n- {fides_key: x, collections: []}\n- {fides_key: y, collections: []}",
    "d.yml:3: a dataset describes one system, and the file holds x, y: name one behind its name, as in `d.yml#x`"
)]
#[case(
    "dataset:\n- fides_key: x\n  collections:\n  - name: c\n    fields:\n    - name: f\n    - name: f\n",
    "d.yml:7: field `f` was described on line 6 already"
)]
fn a_file_that_cannot_be_used_says_where(#[case] text: &str, #[case] expected: &str) {
    assert!(load(text, "d.yml").is_err());
    assert!(findings(text).iter().any(|f| f.contains(expected)), "{:?}", findings(text));
}

#[rstest::rstest]
#[case("{primary_key: maybe}", "d.yml:7: `primary_key` must be true or false, not a text")]
#[case("{references: [{field: a.b}]}", "d.yml:7: a reference needs `dataset` and `field`")]
#[case("{references: [{dataset: d, field: b}]}", "d.yml:7: `field: b` must have the form `collection.field`")]
#[case(
    "{references: [{dataset: d, field: a.b, direction: up}]}",
    "d.yml:7: `direction` is `from` or `to`, or left out for both"
)]
#[case(
    "{masking_strategy_override: {strategy: rot13}}",
    "d.yml:7: the masking strategy `rot13` is not known; known are delete, null_rewrite, string_rewrite, \
     random_string_rewrite, hash, hmac, aes_encrypt, preserve, keep_domain, date_truncate"
)]
#[case(
    "{masking_strategy_override: {strategy: hash, configuration: {length: 3}}}",
    "d.yml:7: `length` is no part of the `configuration` of `hash`"
)]
#[case(
    "{masking_strategy_override: {strategy: hash, configuration: {algorithm: MD5}}}",
    "d.yml:7: `algorithm` is SHA-256 or SHA-512"
)]
#[case(
    "{masking_strategy_override: {strategy: hash, configuration: {salt: x}}}",
    "d.yml:7: `salt` of a masking `configuration` is not known"
)]
#[case(
    "{masking_strategy_override: {strategy: hash, configuration: {format_preservation: {prefix: x}}}}",
    "d.yml:7: `prefix` of `format_preservation` is not known; `suffix` is"
)]
#[case(
    "{masking_strategy_override: {strategy: hash, config: {}}}",
    "d.yml:7: `config` of a masking strategy is not known"
)]
#[case(
    "{masking_strategy_override: {strategy: aes_encrypt, configuration: {mode: CBC}}}",
    "d.yml:7: `mode` is GCM, the only one that also notices changes"
)]
#[case(
    "{masking_strategy_override: {strategy: random_string_rewrite, configuration: {length: 0}}}",
    "d.yml:7: `length` must be a whole number from 1 to 10000"
)]
#[case(
    "{masking_strategy_override: {strategy: date_truncate}}",
    "d.yml:7: `date_truncate` needs `configuration` with `to: year` or `to: month`"
)]
#[case(
    "{masking_strategy_override: {strategy: delete}}",
    "d.yml:7: `delete` is for collections: a field of a row that stays is masked"
)]
#[case(
    "{masking_strategy_override: {strategy: string_rewrite}}",
    "d.yml:7: `string_rewrite` needs `configuration` with its `rewrite_value`"
)]
#[case("{masking_strategy_override: {}}", "d.yml:7: `masking_strategy_override` needs its `strategy`")]
#[case("{length: -3}", "d.yml:7: `length` must be a whole number above 0")]
#[case("{skip_processing: true}", "d.yml:7: `skip_processing` does not stand in the `fides_meta` of a field")]
fn a_meta_that_cannot_be_kept_is_an_error(#[case] meta: &str, #[case] expected: &str) {
    assert!(load(&field_with(meta), "d.yml").is_err());
    assert_eq!(findings(&field_with(meta)), [expected]);
}

#[rstest::rstest]
#[case("{strategy: null_rewrite, configuration: null}", Masking::NullRewrite)]
#[case("{strategy: random_string_rewrite}", Masking::RandomStringRewrite { length: 30, suffix: None })]
#[case(
    "{strategy: random_string_rewrite, configuration: {length: 20, format_preservation: {suffix: '@masked.example'}}}",
    Masking::RandomStringRewrite { length: 20, suffix: Some("@masked.example".into()) }
)]
#[case("{strategy: hash, configuration: {algorithm: SHA-512, format_preservation: null}}", Masking::Hash { algorithm: Algorithm::Sha512, suffix: None })]
#[case("{strategy: hmac, configuration: {algorithm: SHA_256}}", Masking::Hmac { algorithm: Algorithm::Sha256, suffix: None })]
#[case("{strategy: aes_encrypt, configuration: {mode: GCM}}", Masking::AesEncrypt { suffix: None })]
#[case("{strategy: preserve}", Masking::Preserve)]
#[case("{strategy: keep_domain}", Masking::KeepDomain)]
#[case("{strategy: date_truncate, configuration: {to: month}}", Masking::DateTruncate { to: Truncation::Month })]
fn every_strategy_is_read(#[case] text: &str, #[case] expected: Masking) {
    let dataset = load(&field_with(&format!("{{masking_strategy_override: {text}}}")), "d.yml").unwrap();
    assert_eq!(dataset.collections[0].fields[0].masking, Some(expected));
}

#[test]
fn a_collection_that_is_deleted_is_not_masked() {
    let text = field_with("{masking_strategy_override: {strategy: keep_domain}}").replace(
        "    data_categories",
        "    fides_meta: {masking_strategy_override: {strategy: delete}}\n    data_categories",
    );
    assert!(!load(&text, "d.yml").unwrap().collections[0].is_masked());
}

#[rstest::rstest]
#[case("{identitty: email}", "d.yml:7: warning: `identitty` in the `fides_meta` of a field has no effect here")]
#[case("{data_type: object}", "d.yml:7: warning: an `object` is exported and erased as one column")]
fn what_has_no_effect_is_a_warning(#[case] meta: &str, #[case] expected: &str) {
    assert!(load(&field_with(meta), "d.yml").is_ok());
    assert_eq!(findings(&field_with(meta)), [expected]);
}

#[test]
fn a_field_nobody_categorised_is_a_warning() {
    let text = "dataset:\n- fides_key: d\n  collections:\n  - name: c\n    fields:\n    - name: f\n";
    let expected = "d.yml:6: warning: field `f` has no data category, so it counts as nobody's personal data";
    assert_eq!(findings(text), [expected]);
}

/// As `fides pull` and Fides's API write a dataset: whatever is not set is there, with nothing for a value.
const WRITTEN_OUT: &str = "
dataset:
- fides_key: postgres_example
  organization_fides_key: default_organization
  tags: null
  name: null
  description: null
  meta: null
  data_categories: null
  fides_meta: null
  collections:
  - name: customer
    description: null
    data_categories: null
    fields:
    - name: email
      description: null
      data_categories: [user.contact.email]
      fides_meta:
        references: null
        identity: email
        primary_key: null
        data_type: string
        length: null
        return_all_elements: null
        read_only: null
        custom_request_field: null
        masking_strategy_override: null
        redact: null
      fields: null
    - name: id
      data_categories: [user.unique_id]
      fides_meta: {references: null, identity: null, primary_key: yes, data_type: null}
      fields: null
    fides_meta:
      after: null
      erase_after: null
      skip_processing: false
      masking_strategy_override: null
      partitioning: null
";

#[test]
fn what_fides_writes_out_is_read_as_it_is() {
    let dataset = load(WRITTEN_OUT, "d.yml").unwrap_or_else(|findings| panic!("{findings:?}"));
    assert_eq!(dataset.warnings, []);
    let [email, id] = dataset.collections[0].fields.as_slice() else { panic!("{dataset:?}") };
    assert_eq!((email.identity, email.masking.as_ref(), email.redact), (Some(IdentityKind::Email), None, false));
    assert!(id.primary_key && id.identity.is_none());
    let empty = WRITTEN_OUT.replace("partitioning: null", "retain: null");
    assert!(findings(&empty).iter().any(|line| line.contains("`retain` says how long")), "{:?}", findings(&empty));
}

#[test]
fn the_older_name_of_the_meta_does_not_hide_behind_the_newer() {
    let text = field_with("{primary_key: true}, fidesops_meta: {identity: email}");
    let dataset = load(&text, "d.yml").unwrap();
    let field = &dataset.collections[0].fields[0];
    assert!(field.primary_key && field.identity.is_none());
    assert_eq!(findings(&text), ["d.yml:7: warning: `fidesops_meta` is not read where `fides_meta` stands beside it"]);
}
