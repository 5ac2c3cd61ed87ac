//! JSON in a column, described by nested fields: secrets in it are not shown, and an erasure masks what it is told to.

use std::io;

use habeas::connectors::schema::ColumnKind;
use habeas::fulfilment::{self, Cell, CollectionHeader, Counts, ExportOptions, Sink, Standing};
use rstest::rstest;

use super::Engine::{self, Mysql, Postgres, Sqlite};
use super::{Company, person};

const YAML: &str = "
dataset:
  - fides_key: app
    collections:
      - name: profiles
        fields:
          - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
          - name: settings
            data_categories: [user.account.settings]
            fides_meta: {data_type: object}
            fields:
              - {name: theme}
              - {name: api_key, data_categories: [user.authorization]}
              - name: cards
                fides_meta: {data_type: 'object[]'}
                fields:
                  - {name: number, data_categories: [user.financial.credit_card]}
                  - {name: holder, data_categories: [user.name]}
              - {name: note, fides_meta: {redact: 'true'}}
";

const ADA: &str = r#"{"theme": "dark", "api_key": "k-1", "cards": [{"holder": "Ada", "number": 4111.50}, {"number": null}], "note": {"x": [1]}}"#;
const BOB: &str = r#"{"cards": [{"number": 7}], "theme": "light"}"#;

/// The text of the column differs: jsonb keeps its own spacing, which the texts here have already but for their order.
fn company(engine: Engine, yaml: &str) -> Company {
    let json = match engine {
        Sqlite => "text",
        Postgres => "json",
        Mysql => "json",
    };
    let sql = format!(
        "CREATE TABLE profiles (id INTEGER PRIMARY KEY, email varchar(80), settings {json});
         INSERT INTO profiles VALUES (1, 'ada@example.com', '{ADA}'), (2, 'ada@example.com', NULL),
             (3, 'ada@example.com', '{{}}'), (4, 'bob@example.com', '{BOB}')"
    );
    Company::new(engine, &[("app", &sql, yaml)])
}

#[rstest]
fn a_secret_member_is_described_and_the_rest_is_exact(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let (seen, exported) = company(engine, YAML).export(&person("ada@example.com"), false);
    let d = "\"[held, not disclosed]\"";
    let expected = [
        format!(
            "Own: id=1 email=ada@example.com settings={{\"theme\": \"dark\", \"api_key\": {d}, \"cards\": [{{\"holder\": \"Ada\", \"number\": {d}}}, {{\"number\": null}}], \"note\": {d}}}"
        ),
        "Own: id=2 email=ada@example.com settings=NULL".to_owned(),
        "Own: id=3 email=ada@example.com settings={}".to_owned(),
    ];
    assert_eq!(seen.of("profiles"), expected);
    assert_eq!(exported.collections[0].not_disclosed, 3);
}

/// The kinds of the columns of an export.
#[derive(Default)]
struct Kinds(Vec<ColumnKind>);

impl Sink for Kinds {
    fn collection(&mut self, header: &CollectionHeader) -> io::Result<()> {
        self.0 = header.columns.iter().map(|column| column.kind).collect();
        Ok(())
    }

    fn row(&mut self, _: Standing, _: &[Cell<'_>]) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, _: Counts) -> io::Result<()> {
        Ok(())
    }
}

/// So that it is a value in the JSON Lines and not a text that holds one, whatever the database keeps it as.
#[rstest]
fn a_column_with_members_is_packed_as_json(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let mut kinds = Kinds::default();
    let company = company(engine, YAML);
    fulfilment::export(&company.systems, &person("ada@example.com"), ExportOptions::default(), &mut kinds).unwrap();
    assert_eq!(kinds.0, [ColumnKind::Integer, ColumnKind::Text, ColumnKind::Json]);
}

#[test]
fn law_and_policy_keep_members_back_too_and_the_plan_says_which() {
    let company = company(Sqlite, YAML);
    let never_disclose = ["user.name".to_owned()];
    let options = ExportOptions { never_disclose: &never_disclose, ..Default::default() };
    let mut seen = super::Seen::default();
    fulfilment::export(&company.systems, &person("ada@example.com"), options, &mut seen).unwrap();
    assert!(!seen.of("profiles")[0].contains("\"Ada\""), "{:?}", seen.of("profiles"));
    let plan = fulfilment::plan_access(&company.systems, &person("ada@example.com"), options).unwrap();
    let access = plan.collections[0].access.as_ref().unwrap();
    let hidden: Vec<_> = access.not_disclosed.iter().map(|f| f.field.as_str()).collect();
    assert_eq!(hidden, ["settings.api_key", "settings.cards.number", "settings.cards.holder", "settings.note"]);
    assert_eq!(access.exported, ["id", "email", "settings"]);
}

/// Nobody can say where the secret stands in a text that is not the JSON that the dataset promises.
#[test]
fn what_is_no_json_is_not_shown_at_all() {
    let company = company(Sqlite, YAML);
    company.execute("app", "UPDATE profiles SET settings = 'api_key=k-1; theme=dark' WHERE id = 1");
    let (seen, _) = company.export(&person("ada@example.com"), false);
    assert_eq!(seen.of("profiles")[0], "Own: id=1 email=ada@example.com settings=[not disclosed]");
}

/// A nested name tells who somebody is as a column of names does.
#[rstest]
fn anothers_json_is_withheld(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let yaml = YAML.replace("          - {name: email", "          - {name: helper, data_categories: [user.contact.email], fides_meta: {identity: email}}\n          - {name: email");
    let yaml = yaml.replace("data_categories: [user.account.settings]", "data_categories: [system.operations]");
    let sql = format!(
        "CREATE TABLE profiles (id INTEGER PRIMARY KEY, email varchar(80), helper varchar(80), settings {});
         INSERT INTO profiles VALUES (1, 'bob@example.com', 'ada@example.com', '{BOB}')",
        if engine == Sqlite { "text" } else { "json" }
    );
    let company = Company::new(engine, &[("app", &sql, &yaml)]);
    let (seen, _) = company.export(&person("ada@example.com"), false);
    assert_eq!(seen.of("profiles"), ["Shared: id=1 helper=ada@example.com email=[withheld] settings=[withheld]"]);
}

#[rstest]
fn an_erasure_masks_the_members_and_leaves_the_rest(#[values(Sqlite, Postgres, Mysql)] engine: Engine) {
    let masked = YAML
        .replace("fides_meta: {identity: email}", "fides_meta: {identity: email, masking_strategy_override: {strategy: null_rewrite}}")
        .replace("{name: api_key, data_categories: [user.authorization]}", "{name: api_key, fides_meta: {masking_strategy_override: {strategy: null_rewrite}}}")
        .replace("{name: holder, data_categories: [user.name]}", "{name: holder, fides_meta: {masking_strategy_override: {strategy: string_rewrite, configuration: {rewrite_value: 'gone \"x\"'}}}}");
    let company = company(engine, &masked);
    let of = |id: i32| company.query("app", &format!("SELECT settings FROM profiles WHERE id = {id}"));
    company.erase(&person("ada@example.com"));
    assert_eq!(
        of(1),
        r#"{"theme": "dark", "api_key": null, "cards": [{"holder": "gone \"x\"", "number": 4111.50}, {"number": null}], "note": {"x": [1]}}"#
    );
    assert_eq!([of(2), of(3), of(4)], ["", "{}", BOB]);
}

#[test]
fn a_text_that_is_no_json_stands_in_the_way_of_its_mask() {
    let masked = YAML
        .replace("{name: theme}", "{name: theme, fides_meta: {masking_strategy_override: {strategy: null_rewrite}}}");
    let company = company(Sqlite, &masked);
    company.execute("app", "UPDATE profiles SET settings = 'theme=dark' WHERE id = 1");
    let obstacles = company.obstacles(&person("ada@example.com"));
    assert_eq!(obstacles, ["the rewrite of members cannot mask column settings of profiles: a value in it is no JSON"]);
}
