//! The package as its receiver meets it: unpacked, checked, opened.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;
use std::process::Command;

use super::sealed::FileKey;
use super::*;

fn about(right: Right) -> About {
    About {
        controller: "Infotech <GmbH>".into(),
        reference: "DSR-7K2M-94QX".into(),
        right,
        generated_at: DateTime::from_timestamp(1_795_344_000, 0).unwrap(),
        language: "en".into(),
        background: Background::default(),
    }
}

fn column(name: &str, kind: ColumnKind, sql_type: &str, category: &str) -> ColumnHeader {
    let data_categories = vec![category.to_owned()];
    ColumnHeader { name: name.into(), kind, sql_type: sql_type.into(), data_categories, description: None }
}

fn customers() -> CollectionHeader {
    let mut active = column("active", ColumnKind::Boolean, "boolean", "system.operations");
    active.description = Some("Whether the account is open".into());
    active.data_categories.clear();
    CollectionHeader {
        dataset: "crm".into(),
        collection: "customers".into(),
        description: Some("Everyone who bought something".into()),
        columns: vec![
            column("id", ColumnKind::Integer, "bigint", "user.unique_id"),
            column("name", ColumnKind::Text, "text", "user.name"),
            column("balance", ColumnKind::Number, "numeric(10,2)", "user.financial"),
            active,
            column("password", ColumnKind::Text, "text", "user.authorization.credentials"),
            column("agent", ColumnKind::Text, "text", "user.contact.email"),
        ],
        primary_key: vec!["id".into()],
        standing: Standing::Own,
    }
}

fn options(directory: &Path, machine_readable_only: bool) -> Options {
    Options { machine_readable_only, spool_directory: directory.to_owned() }
}

/// A package of one collection with two rows.
fn package(right: Right) -> (Vec<u8>, Summary) {
    let directory = tempfile::tempdir().unwrap();
    let mut zip = Vec::new();
    let options = options(directory.path(), right == Right::Portability);
    let mut writer = PackageWriter::new(&mut zip, about(right), options, FileKey::new([5; 32]));
    writer.begin_collection(customers()).unwrap();
    let text = Cell::Text;
    let ada = [text("1"), text("=cmd|' /C calc'!A0"), text("-12.50"), text("t"), Cell::NotDisclosed, Cell::Null];
    let eve = [text("2"), text("<script>alert(1)</script>"), Cell::Null, text("f"), Cell::NotDisclosed, Cell::Withheld];
    writer.row(ada.into_iter()).unwrap();
    writer.row(eve.into_iter()).unwrap();
    writer.end_collection().unwrap();
    let notes = ["Invoices are kept until 2032 (§ 147 AO).".to_owned()];
    let summary = writer.finish(&serde_json::json!({ "request": "DSR-7K2M-94QX" }), &notes).unwrap();
    (zip, summary)
}

fn files(zip: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut files = BTreeMap::new();
    for i in 0..archive.len() {
        let mut file = archive.by_index(i).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        files.insert(file.name().unwrap().into_owned(), content);
    }
    files
}

fn text(zip: &[u8], path: &str) -> String {
    String::from_utf8(files(zip).remove(path).expect(path)).unwrap()
}

#[test]
fn the_exact_copies_are_exact() {
    let (zip, _) = package(Right::Access);
    insta::assert_snapshot!(text(&zip, "data/crm/customers.csv").replace('\r', "␍"), @r#"
    id,name,balance,active,password,agent␍
    1,=cmd|' /C calc'!A0,-12.50,t,"[held, not disclosed]",␍
    2,<script>alert(1)</script>,,f,"[held, not disclosed]",[withheld: another person]␍
    "#);
    insta::assert_snapshot!(text(&zip, "data/crm/customers.jsonl"), @r#"
    {"id":1,"name":"=cmd|' /C calc'!A0","balance":-12.50,"active":true,"password":"[held, not disclosed]","agent":null}
    {"id":2,"name":"<script>alert(1)</script>","balance":null,"active":false,"password":"[held, not disclosed]","agent":"[withheld: another person]"}
    "#);
}

#[test]
fn the_copy_for_spreadsheets_runs_nothing() {
    let (zip, _) = package(Right::Access);
    let csv = text(&zip, "spreadsheet/crm/customers.csv");
    assert!(csv.starts_with('\u{feff}'));
    insta::assert_snapshot!(csv.replace(['\u{feff}', '\r'], ""), @r#"
    id,name,balance,active,password,agent
    1,'=cmd|' /C calc'!A0,-12.50,t,"[held, not disclosed]",
    2,<script>alert(1)</script>,,f,"[held, not disclosed]",[withheld: another person]
    "#);
}

#[test]
fn the_description_names_types_categories_and_sums() {
    let (zip, _) = package(Right::Access);
    let described: serde_json::Value = serde_json::from_str(&text(&zip, "datapackage.json")).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&described).unwrap(), @r#"
    {
      "profile": "data-package",
      "name": "dsr-7k2m-94qx",
      "title": "Personal data held by Infotech <GmbH>",
      "created": "2026-11-22T10:40:00Z",
      "contributors": [
        {
          "title": "Infotech <GmbH>",
          "role": "publisher"
        }
      ],
      "reference": "DSR-7K2M-94QX",
      "right": "access",
      "resources": [
        {
          "name": "crm.customers",
          "title": "crm: customers",
          "path": "data/crm/customers.csv",
          "profile": "tabular-data-resource",
          "format": "csv",
          "mediatype": "text/csv",
          "encoding": "utf-8",
          "bytes": 178,
          "hash": "sha256:2c9e2f8bf13009b1fc7082a98689ef73dce9df0f101abae705f168439722ceee",
          "dialect": {
            "delimiter": ",",
            "lineTerminator": "\r\n",
            "quoteChar": "\"",
            "doubleQuote": true,
            "header": true
          },
          "rowCount": 2,
          "standing": "own",
          "schema": {
            "fields": [
              {
                "name": "id",
                "type": "integer",
                "format": "default",
                "sqlType": "bigint",
                "dataCategories": [
                  "user.unique_id"
                ]
              },
              {
                "name": "name",
                "type": "string",
                "format": "default",
                "sqlType": "text",
                "dataCategories": [
                  "user.name"
                ]
              },
              {
                "name": "balance",
                "type": "number",
                "format": "default",
                "sqlType": "numeric(10,2)",
                "dataCategories": [
                  "user.financial"
                ]
              },
              {
                "name": "active",
                "type": "boolean",
                "format": "default",
                "sqlType": "boolean",
                "trueValues": [
                  "true",
                  "t",
                  "1"
                ],
                "falseValues": [
                  "false",
                  "f",
                  "0"
                ],
                "description": "Whether the account is open"
              },
              {
                "name": "password",
                "type": "string",
                "format": "default",
                "sqlType": "text",
                "dataCategories": [
                  "user.authorization.credentials"
                ]
              },
              {
                "name": "agent",
                "type": "string",
                "format": "default",
                "sqlType": "text",
                "dataCategories": [
                  "user.contact.email"
                ]
              }
            ],
            "missingValues": [
              "",
              "[withheld: another person]",
              "[held, not disclosed]"
            ],
            "primaryKey": [
              "id"
            ]
          },
          "description": "Everyone who bought something"
        },
        {
          "name": "crm.customers.jsonl",
          "path": "data/crm/customers.jsonl",
          "profile": "data-resource",
          "format": "jsonl",
          "mediatype": "application/jsonl",
          "encoding": "utf-8",
          "bytes": 262,
          "hash": "sha256:72c63deba43142d25d69df7cc1d33f30ba6a60dd500a406952e2457fead9c1c1"
        }
      ]
    }
    "#);
}

#[test]
fn the_page_shows_everything_and_runs_nothing() {
    let (zip, _) = package(Right::Access);
    let page = text(&zip, "index.html");
    assert!(!page.contains("<script"), "data became markup");
    assert!(page.contains("&#60;script&#62;alert(1)"));
    assert!(page.contains("Infotech &#60;GmbH&#62;"));
    let body = &page[page.find("<h2 id=\"left-out\">").unwrap()..page.find("<h2 id=\"files\">").unwrap()];
    insta::assert_snapshot!(body, @r#"
    <h2 id="left-out">What was left out, and why</h2>
    <ul>
    <li><strong>customers, password</strong>: we hold it in 2 rows, but do not send it out, because in the wrong hands it could be used against you. It reads <code>[held, not disclosed]</code>.</li>
    <li><strong>customers, agent</strong>: withheld in 1 row, because it is the identity of another person, whose rights must not be harmed. It reads <code>[withheld: another person]</code>.</li>
    <li>Invoices are kept until 2032 (§ 147 AO).</li>
    </ul>
    "#);
}

#[test]
fn portability_has_the_machine_readable_part_only() {
    let (zip, _) = package(Right::Portability);
    let names: Vec<String> = files(&zip).into_keys().collect();
    insta::assert_debug_snapshot!(names, @r#"
    [
        "SHA256SUMS",
        "data/crm/customers.csv",
        "data/crm/customers.jsonl",
        "datapackage.json",
        "index.html",
        "receipt.json",
    ]
    "#);
    assert!(!text(&zip, "index.html").contains("alert(1)"), "no rows on the page");
}

#[test]
fn the_sums_hold_by_the_tool_that_people_have() {
    let (zip, summary) = package(Right::Access);
    let directory = tempfile::tempdir().unwrap();
    zip::ZipArchive::new(Cursor::new(&zip)).unwrap().extract(directory.path()).unwrap();
    let check = || {
        let mut command = Command::new("sha256sum");
        command.args(["--check", "--strict", "--quiet", "SHA256SUMS"]).current_dir(directory.path());
        command.output().expect("sha256sum is part of coreutils").status.success()
    };
    assert!(check());
    assert_eq!(text(&zip, "SHA256SUMS").lines().count() + 1, files(&zip).len(), "every other file is summed");
    std::fs::write(directory.path().join("receipt.json"), "{}").unwrap();
    assert!(!check());
    assert_eq!(summary.bytes, zip.len() as u64);
    assert_eq!((summary.collections[0].rows, summary.collections.len()), (2, 1));
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &zip);
    assert_eq!(summary.sha256, digest.as_ref().iter().map(|b| format!("{b:02x}")).collect::<String>());
}

#[test]
fn a_hostile_name_stays_in_the_package() {
    let directory = tempfile::tempdir().unwrap();
    let mut zip = Vec::new();
    let options = options(directory.path(), false);
    let mut writer = PackageWriter::new(&mut zip, about(Right::Access), options, FileKey::new([5; 32]));
    for _ in 0..2 {
        let collection = "\"><img src=x>".to_owned();
        writer.begin_collection(CollectionHeader { dataset: "../x".into(), collection, ..customers() }).unwrap();
        writer.end_collection().unwrap();
    }
    writer.finish(&serde_json::Value::Null, &[]).unwrap();
    let names: Vec<String> = files(&zip).into_keys().filter(|n| n.ends_with(".csv")).collect();
    insta::assert_debug_snapshot!(names, @r#"
    [
        "data/_._x/___img_src_x_-2.csv",
        "data/_._x/___img_src_x_.csv",
        "spreadsheet/_._x/___img_src_x_-2.csv",
        "spreadsheet/_._x/___img_src_x_.csv",
    ]
    "#);
    assert!(!text(&zip, "index.html").contains("<img"));
}

#[test]
fn a_large_collection_passes_through_and_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let mut zip = Vec::new();
    let options = options(directory.path(), false);
    let mut writer = PackageWriter::new(&mut zip, about(Right::Access), options, FileKey::new([5; 32]));
    writer.begin_collection(customers()).unwrap();
    let long = "x".repeat(1000);
    for i in 0..6_000 {
        let id = i.to_string();
        let cells = [Cell::Text(&id), Cell::Text(&long), Cell::Null, Cell::Null, Cell::Null, Cell::Null];
        writer.row(cells.into_iter()).unwrap();
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "the rows lie in a file with a name");
    writer.end_collection().unwrap();
    let summary = writer.finish(&serde_json::Value::Null, &[]).unwrap();
    assert_eq!(summary.collections[0].rows, 6_000);
    for path in ["data/crm/customers.csv", "data/crm/customers.jsonl", "spreadsheet/crm/customers.csv"] {
        let content = text(&zip, path);
        let header = usize::from(path.ends_with("csv"));
        assert_eq!(content.lines().count(), 6_000 + header, "{path}");
        assert!(content.lines().last().unwrap().contains("5999"), "{path}");
    }
    let page = text(&zip, "index.html");
    assert!(page.contains("The first 200 of 6000 rows"));
    assert_eq!(page.matches("<tr><td>").count(), index::PREVIEW_ROWS);
    assert!(page.contains("cut short here"));
}

#[test]
fn calls_in_the_wrong_order_are_typed_errors() {
    let directory = tempfile::tempdir().unwrap();
    let options = options(directory.path(), false);
    let mut writer = PackageWriter::new(Vec::new(), about(Right::Access), options, FileKey::new([5; 32]));
    assert!(matches!(writer.row([].into_iter()), Err(PackagingError::Order(_))));
    assert!(matches!(writer.end_collection(), Err(PackagingError::Order(_))));
    writer.begin_collection(customers()).unwrap();
    assert!(matches!(writer.begin_collection(customers()), Err(PackagingError::Order(_))));
    let error = writer.row([Cell::Null].into_iter()).unwrap_err();
    assert_eq!(error.to_string(), "a row of customers has 1 cells, its header 6 columns");
    assert!(matches!(writer.finish(&serde_json::Value::Null, &[]), Err(PackagingError::Order(_))));
}

#[test]
fn a_full_disk_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let mut small = [0_u8; 600];
    let options = options(directory.path(), false);
    let mut writer = PackageWriter::new(small.as_mut_slice(), about(Right::Access), options, FileKey::new([5; 32]));
    let made = writer.begin_collection(customers()).and_then(|()| writer.end_collection());
    let made = made.and_then(|()| writer.finish(&serde_json::Value::Null, &[]));
    assert!(matches!(made, Err(PackagingError::Io(_))));
}

#[test]
fn another_program_reads_the_zip() {
    let (zip, _) = package(Right::Access);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("package.zip");
    std::fs::write(&path, zip).unwrap();
    let output = Command::new("python3").args(["-m", "zipfile", "--test"]).arg(&path).output().expect("python3");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "Done testing");
}

#[test]
fn one_file_of_a_sealed_package_on_the_shelf_is_read_alone() {
    let directory = tempfile::tempdir().unwrap();
    let shelf = shelf::Shelf::in_directory(directory.path().join("packages")).unwrap();
    let (name, key) = (uuid::Uuid::from_u128(7), FileKey::new([6; 32]));
    let mut sealed = sealed::SealedWriter::new(shelf.create(name).unwrap(), &key, [1; 16]).unwrap();
    let options = options(shelf.directory(), false);
    let mut writer = PackageWriter::new(&mut sealed, about(Right::Access), options, FileKey::new([5; 32]));
    writer.begin_collection(customers()).unwrap();
    let cells = [Cell::Text("1"), Cell::Text("Ada Lovelace"), Cell::Null, Cell::Null, Cell::Null, Cell::Null];
    writer.row(cells.into_iter()).unwrap();
    writer.end_collection().unwrap();
    let summary = writer.finish(&serde_json::json!({ "name": "Ada Lovelace" }), &[]).unwrap();
    sealed.finish().unwrap().commit().unwrap();

    let on_disk = std::fs::read(shelf.directory().join(name.to_string())).unwrap();
    assert!(!on_disk.windows(4).any(|w| w == b"PK\x03\x04"), "the ZIP lies in clear");
    let reader = sealed::SealedReader::new(shelf.open(name).unwrap(), &key).unwrap();
    assert_eq!(reader.length(), summary.bytes);
    let mut archive = zip::ZipArchive::new(reader).unwrap();
    let mut receipt = String::new();
    archive.by_name("receipt.json").unwrap().read_to_string(&mut receipt).unwrap();
    insta::assert_snapshot!(receipt, @r#"
    {
      "name": "Ada Lovelace"
    }
    "#);
}
