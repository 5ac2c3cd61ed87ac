//! The command line as an operator uses it, right and wrong.

use chrono::NaiveDate;
use rstest::rstest;
use serde_json::Value;

use crate::support::server::{Process, habeas};
use crate::support::world::{Kind, World};

#[test]
fn check_is_content_with_a_sound_configuration() {
    let world = World::new(Kind::Sqlite, Kind::Postgres);
    let (code, printed, error) = habeas(&world, &["check"], "");
    assert_eq!(code, 0, "{printed}{error}");
    assert!(printed.contains("nothing is wrong"), "{printed}");
}

#[test]
fn datasets_of_several_systems_may_share_a_file() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let text = |file: &str| std::fs::read_to_string(world.path().join(file)).unwrap();
    let (shop, desk) = (text("shop.yml"), text("desk.yml"));
    let below = |text: &str| text.split_once("dataset:\n").unwrap().1.to_owned();
    world.write("all.yml", &format!("dataset:\n{}\n{}", below(&shop), below(&desk)));
    let config = text("habeas.toml");
    let named = config.replace("\"shop.yml\"", "\"all.yml#shop\"").replace("\"desk.yml\"", "\"all.yml#desk\"");
    assert_ne!(named, config);
    world.write("habeas.toml", &named);
    let (code, printed, error) = habeas(&world, &["check"], "");
    assert_eq!(code, 0, "{printed}{error}");
    world.write("habeas.toml", &config.replace("\"shop.yml\"", "\"all.yml\""));
    let (code, printed, _) = habeas(&world, &["check"], "");
    assert!(code == 1 && printed.contains("all.yml#shop"), "{printed}");
}

#[rstest]
#[case::unknown_key("habeas.toml", "[server]\nlisten = 7\n", "habeas.toml:2: ")]
#[case::broken_policy("policy.toml", "name = \"x\"\ncountry = \"Germany\"\n", "policy.toml:2: ")]
#[case::broken_dataset("shop.yml", "dataset:\n  - fides_key: [\n", "shop.yml:")]
#[case::unknown_column(
    "desk.yml",
    "dataset:\n  - fides_key: desk\n    collections:\n      - name: tickets\n        fields:\n          - {name: colour, data_categories: [user.content], fides_meta: {identity: email}}\n",
    "desk.yml:6: "
)]
fn what_is_wrong_is_named_with_file_and_line(#[case] file: &str, #[case] text: &str, #[case] expected: &str) {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    world.write(file, text);
    let (code, printed, error) = habeas(&world, &["check"], "");
    assert_eq!((code, error.as_str()), (1, ""), "all of it is on standard output: {printed}{error}");
    assert!(printed.lines().any(|l| l.contains(expected)), "{printed}");
}

#[rstest]
#[case::law("laws/us-wy.toml", "id = \"us-wy\"\nname = 7\n", "us-wy.toml:2: ")]
#[case::holidays(
    "laws/holidays.toml",
    "[US]\nname = \"US\"\ncitation = \"c\"\nholidays = [\n  { name = \"A\", on = \"12-35\" },\n]\n",
    "holidays.toml:5: "
)]
fn a_wrong_law_of_the_operator_is_named_with_file_and_line(
    #[case] file: &str,
    #[case] text: &str,
    #[case] expected: &str,
) {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    std::fs::create_dir(world.path().join("laws")).unwrap();
    world.write(file, text);
    let config = std::fs::read_to_string(world.config()).unwrap();
    world.write("habeas.toml", &format!("regimes = \"laws\"\n{config}"));
    let (code, printed, error) = habeas(&world, &["check"], "");
    assert_eq!(code, 1, "{printed}{error}");
    assert!(format!("{printed}{error}").lines().any(|l| l.contains(expected)), "{printed}{error}");
}

#[test]
fn a_company_database_that_is_down_is_named_by_check_and_does_not_stop_serving() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    std::fs::remove_file(world.path().join("desk.db")).unwrap();
    let (code, printed, error) = habeas(&world, &["check"], "");
    assert_eq!(code, 1);
    let config = std::fs::read_to_string(world.config()).unwrap();
    let named = config.lines().position(|line| line == "id = \"desk-db\"").unwrap();
    let line = config.lines().take(named).collect::<Vec<_>>().iter().rposition(|l| *l == "[[systems]]").unwrap() + 1;
    let expected = format!("habeas.toml:{line}: ");
    assert!(printed.lines().any(|l| l.contains(&expected) && l.contains("desk-db")), "{printed}{error}");
    let process = Process::start(&world, None);
    assert_eq!(process.api.send(reqwest::Method::GET, "/health/ready", None, None).status(), 200);
}

#[test]
fn staff_are_added_with_a_password_that_stands_in_no_list_of_processes() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let add =
        ["staff", "add", "--email", "olga@shop.example", "--name", "Olga", "--role", "officer", "--password-stdin"];
    let (code, printed, error) = habeas(&world, &add, "correct horse battery\n");
    assert_eq!(code, 0, "{error}");
    assert!(printed.contains("officer"));
    let (code, _, error) = habeas(&world, &add, "correct horse battery\n");
    assert!(code == 1 && error.contains("exists already"), "{error}");
    let (code, _, error) = habeas(&world, &add[..8], "correct horse battery\n");
    assert!(code == 2 && error.contains("--password-stdin"), "{error}");
    let (code, _, error) = habeas(
        &world,
        &["staff", "add", "--email", "a@b.example", "--name", "A", "--role", "king", "--password-stdin"],
        "x\n",
    );
    assert!(code == 1 && error.contains("clerk, reviewer, officer, auditor, admin"), "{error}");
    let (code, _, error) = habeas(
        &world,
        &["staff", "add", "--email", "a@b.example", "--name", "A", "--role", "clerk", "--password-stdin"],
        "short\n",
    );
    assert!(code == 1 && error.contains("10 to 200"), "{error}");

    let (code, printed, _) = habeas(&world, &["audit", "verify"], "");
    assert_eq!((code, printed.as_str()), (0, "-: 1 entries, unbroken\n"));
    world.execute_in_store(Kind::Sqlite, "DROP TRIGGER entries_unchanged; UPDATE entries SET event = 'staff.removed'");
    let (code, printed, _) = habeas(&world, &["audit", "verify"], "");
    assert_eq!((code, printed.as_str()), (1, "-: broken: entry 1 does not match its hash\n"));
}

#[test]
fn a_deadline_explains_itself() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let (code, printed, error) =
        habeas(&world, &["deadline", "--regime", "ccpa", "--received", "2026-11-23", "--duty", "acknowledgement"], "");
    assert_eq!(code, 0, "{error}");
    let date: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(date["due"].as_str().unwrap().parse::<NaiveDate>().unwrap().to_string(), "2026-12-08");
    assert!(
        !date["steps"].as_array().unwrap().is_empty() && date["citation"].is_string() && date["confidence"].is_string()
    );
    let (code, _, error) = habeas(&world, &["deadline", "--regime", "nowhere", "--received", "2026-11-23"], "");
    assert!(code == 1 && error.contains("gdpr"), "{error}");
}

#[rstest]
fn a_draft_of_a_live_schema_is_a_dataset_to_begin_with(
    #[values(Kind::Sqlite, Kind::Postgres, Kind::Mysql)] company: Kind,
) {
    let world = World::new(Kind::Sqlite, company);
    let url = world.system_url("shop");
    let (code, draft, error) = habeas(&world, &["datamap", "draft", "-", "--key", "shop"], &format!("{url}\n"));
    assert_eq!(code, 0, "{error}");
    for line in ["name: customers", "identity: email", "field: customers.id", "user.authorization.password", "# ?"] {
        assert!(draft.contains(line), "{line}: {draft}");
    }
    world.write("shop.yml", &draft);
    let (code, printed, error) = habeas(&world, &["check"], "");
    assert_eq!(code, 0, "nothing in it is wrong: {printed}{error}");

    let server = crate::support::server::Server::start(&world);
    let (token, ids) = server.api.submit(&["access"], serde_json::json!({}));
    server.api.confirm(&world, &ids[0], &token);
    let staff = server.api.sign_in(habeas::domain::staff::Role::Reviewer);
    let (_, plan) = server.api.get(&format!("/v1/staff/requests/{}/plan", ids[0]), &staff);
    let own = |name: &str| {
        let collections = plan["collections"].as_array().unwrap();
        collections.iter().find(|c| c["collection"] == name).map(|c| c["counts"]["own"].clone())
    };
    assert_eq!((own("customers"), own("orders")), (Some(1.into()), Some(2.into())), "{plan}");
}

#[test]
fn a_draft_of_nothing_says_why() {
    let world = World::new(Kind::Sqlite, Kind::Sqlite);
    let (code, _, error) = habeas(&world, &["datamap", "draft", "sqlite://no/such/file.db"], "");
    assert!(code == 1 && error.starts_with("habeas: "), "{error}");
    let (code, _, error) = habeas(&world, &["datamap", "draft", "ftp://u:secret@host"], "");
    assert!(code == 1 && !error.contains("secret"), "{error}");
}
