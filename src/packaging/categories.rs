//! The answer by categories: what kinds of data are held, why, from where, and who receives them; never a value.
//!
//! ```text
//! categories.csv  categories.json  index.html  datapackage.json  receipt.json  receipt.jws  SHA256SUMS
//! ```

use std::io::{self, Write};

use askama::Template;
use serde::Serialize;
use serde_json::{Value, json};

use super::archive::Archive;
use super::lines::Lines;
use super::{About, Cell, PackagingError, Sign, Summary, csv};

/// One kind of data held about the person (Cal. Civ. Code 1798.110(a), 1798.115; GDPR Art. 15(1)(a)-(g)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldCategory {
    /// The fideslang category.
    pub category: String,
    /// The same in words.
    pub name: String,
    /// Whether the law calls it sensitive.
    pub sensitive: bool,
    /// Where it is held.
    pub held_in: Vec<HeldIn>,
    /// What it is used for.
    pub purposes: Vec<String>,
    /// On which legal bases.
    pub legal_bases: Vec<String>,
    /// Where it comes from.
    pub sources: Vec<String>,
    /// Who received it, with what they are to the controller.
    pub recipients: Vec<String>,
    /// How long it stays.
    pub retention: Vec<String>,
}

/// One collection that holds data of a category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldIn {
    /// The dataset.
    pub dataset: String,
    /// The collection.
    pub collection: String,
    /// How many of the person's rows hold a value of it.
    pub rows: u64,
}

/// The whole answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Categories {
    /// Of which time, in words.
    pub period: String,
    /// What is held, in the taxonomy's order.
    pub categories: Vec<HeldCategory>,
    /// What to know about it, a sentence each.
    pub notes: Vec<String>,
}

#[derive(Template)]
#[template(path = "package/categories.html")]
struct Page<'a> {
    about: &'a About,
    answer: &'a Categories,
}

const COLUMNS: [&str; 10] = [
    "category",
    "name",
    "sensitive",
    "held_in",
    "rows",
    "purposes",
    "legal_bases",
    "sources",
    "recipients",
    "retention",
];

/// Writes the package to `out`; `sign` makes the signed receipt of the sums of its files.
///
/// # Errors
/// Those of `out`.
pub fn write<W: Write>(
    out: W,
    about: &About,
    answer: &Categories,
    receipt: &Value,
    sign: Sign,
) -> Result<Summary, PackagingError> {
    let mut archive = Archive::new(out, about.generated_at);
    archive.add("categories.csv", table(answer).text())?;
    archive.add("categories.json", &pretty(&json!(answer))?)?;
    let page = Page { about, answer }.render().map_err(io::Error::other)?;
    archive.add("index.html", page.as_bytes())?;
    let fact = archive.file("categories.csv").map(|f| (f.bytes, f.sha256.clone()));
    archive.add("datapackage.json", &pretty(&description(about, answer, fact))?)?;
    archive.add("receipt.json", &pretty(receipt)?)?;
    let files = archive.files().iter().map(|f| (f.path.clone(), f.sha256.clone())).collect();
    archive.add("receipt.jws", sign(files).as_bytes())?;
    let sums: String = archive.files().iter().map(|f| format!("{}  {}\n", f.sha256, f.path)).collect();
    archive.add("SHA256SUMS", sums.as_bytes())?;
    let (bytes, sha256) = archive.finish()?;
    Ok(Summary { collections: Vec::new(), bytes, sha256 })
}

fn table(answer: &Categories) -> Lines {
    let mut lines = Lines::new();
    csv::line(&mut lines, COLUMNS.into_iter().map(Cell::Text));
    for held in &answer.categories {
        let places: Vec<String> = held.held_in.iter().map(|h| format!("{}.{}", h.dataset, h.collection)).collect();
        let rows: u64 = held.held_in.iter().map(|h| h.rows).sum();
        let cells = [
            held.category.clone(),
            held.name.clone(),
            held.sensitive.to_string(),
            places.join("; "),
            rows.to_string(),
            held.purposes.join("; "),
            held.legal_bases.join("; "),
            held.sources.join("; "),
            held.recipients.join("; "),
            held.retention.join("; "),
        ];
        // What the policy does not say is no value, not an empty one.
        let cell = |text| if str::is_empty(text) { Cell::Null } else { Cell::Text(text) };
        csv::line(&mut lines, cells.iter().map(|text| cell(text.as_str())));
    }
    lines
}

fn description(about: &About, answer: &Categories, fact: Option<(u64, String)>) -> Value {
    let field = |name: &&str| {
        let kind = match *name {
            "sensitive" => "boolean",
            "rows" => "integer",
            _ => "string",
        };
        json!({ "name": name, "type": kind })
    };
    json!({
        "profile": "data-package",
        "name": about.reference.to_lowercase(),
        "title": format!("Kinds of personal data held by {}", about.controller),
        "created": about.generated_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        "contributors": [{ "title": about.controller, "role": "publisher" }],
        "reference": about.reference,
        "right": about.right,
        "resources": [{
            "name": "categories",
            "path": "categories.csv",
            "profile": "tabular-data-resource",
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "bytes": fact.as_ref().map(|(bytes, _)| bytes),
            "hash": fact.as_ref().map(|(_, sha256)| format!("sha256:{sha256}")),
            "dialect": { "delimiter": ",", "lineTerminator": "\r\n", "quoteChar": "\"", "doubleQuote": true, "header": true },
            "rowCount": answer.categories.len(),
            "schema": { "fields": COLUMNS.iter().map(field).collect::<Vec<_>>(), "missingValues": [""] },
        }],
    })
}

fn pretty(value: &Value) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::{Cursor, Read};

    use super::*;
    use crate::domain::right::Right;
    use crate::packaging::{Background, Receiver, Use};

    fn about() -> About {
        About {
            controller: "Infotech <GmbH>".into(),
            reference: "DSR-7K2M-94QX".into(),
            right: Right::Categories,
            generated_at: chrono::DateTime::from_timestamp(1_795_344_000, 0).unwrap(),
            language: "en".into(),
            background: Background {
                purposes: vec![Use {
                    text: "To deliver what you ordered".into(),
                    kinds: vec!["Contact details".into()],
                    legal_basis: Some("contract".into()),
                    source: None,
                }],
                recipients: vec![Receiver { name: "Parcels AG".into(), role: "carrier".into(), kinds: Vec::new() }],
                retention: vec!["Invoices stay ten years".into()],
                automated: vec!["No decision is taken by machine alone.".into()],
                authority: Some(("the Attorney General".into(), Some("https://ag.example".into()))),
                contact: "privacy@infotech.example".into(),
            },
        }
    }

    fn answer() -> Categories {
        let text = |text: &str| vec![text.to_owned()];
        let email = HeldCategory {
            category: "user.contact.email".into(),
            name: "E-mail address".into(),
            sensitive: false,
            held_in: vec![
                HeldIn { dataset: "crm".into(), collection: "customers".into(), rows: 1 },
                HeldIn { dataset: "crm".into(), collection: "newsletter".into(), rows: 2 },
            ],
            purposes: vec!["To deliver what you ordered".into(), "To answer you".into()],
            legal_bases: text("contract"),
            sources: vec!["you".into(), "public registers".into()],
            recipients: text("Parcels AG (carrier)"),
            retention: text("Invoices stay ten years"),
        };
        let health = HeldCategory {
            category: "user.health_and_medical".into(),
            name: "Health data".into(),
            sensitive: true,
            held_in: vec![HeldIn { dataset: "crm".into(), collection: "notes".into(), rows: 1 }],
            purposes: Vec::new(),
            legal_bases: Vec::new(),
            sources: text("you"),
            recipients: Vec::new(),
            retention: Vec::new(),
        };
        Categories {
            period: "everything we hold now".into(),
            categories: vec![email, health],
            notes: text("You asked for less."),
        }
    }

    fn files() -> BTreeMap<String, String> {
        let mut zip = Vec::new();
        let summary = write(
            &mut zip,
            &about(),
            &answer(),
            &json!({ "request": "DSR-7K2M-94QX" }),
            Box::new(|files| files.len().to_string()),
        )
        .unwrap();
        assert_eq!(summary.bytes, zip.len() as u64);
        let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
        let mut files = BTreeMap::new();
        for i in 0..archive.len() {
            let mut file = archive.by_index(i).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            files.insert(file.name().unwrap().into_owned(), text);
        }
        files
    }

    #[test]
    fn the_table_names_kinds_and_what_is_not_said_is_no_value() {
        let files = files();
        let names: Vec<_> = files.keys().map(String::as_str).collect();
        let expected = [
            "SHA256SUMS",
            "categories.csv",
            "categories.json",
            "datapackage.json",
            "index.html",
            "receipt.json",
            "receipt.jws",
        ];
        assert_eq!(names, expected);
        insta::assert_snapshot!(files["categories.csv"].replace('\r', ""), @"
        category,name,sensitive,held_in,rows,purposes,legal_bases,sources,recipients,retention
        user.contact.email,E-mail address,false,crm.customers; crm.newsletter,3,To deliver what you ordered; To answer you,contract,you; public registers,Parcels AG (carrier),Invoices stay ten years
        user.health_and_medical,Health data,true,crm.notes,1,,,you,,
        ");
        let described: Value = serde_json::from_str(&files["datapackage.json"]).unwrap();
        assert_eq!(described["resources"][0]["rowCount"], 2);
        assert_eq!(files["SHA256SUMS"].lines().count(), 6);
    }

    #[test]
    fn the_json_says_the_same_in_lists() {
        insta::assert_snapshot!(files()["categories.json"], @r#"
        {
          "period": "everything we hold now",
          "categories": [
            {
              "category": "user.contact.email",
              "name": "E-mail address",
              "sensitive": false,
              "held_in": [
                {
                  "dataset": "crm",
                  "collection": "customers",
                  "rows": 1
                },
                {
                  "dataset": "crm",
                  "collection": "newsletter",
                  "rows": 2
                }
              ],
              "purposes": [
                "To deliver what you ordered",
                "To answer you"
              ],
              "legal_bases": [
                "contract"
              ],
              "sources": [
                "you",
                "public registers"
              ],
              "recipients": [
                "Parcels AG (carrier)"
              ],
              "retention": [
                "Invoices stay ten years"
              ]
            },
            {
              "category": "user.health_and_medical",
              "name": "Health data",
              "sensitive": true,
              "held_in": [
                {
                  "dataset": "crm",
                  "collection": "notes",
                  "rows": 1
                }
              ],
              "purposes": [],
              "legal_bases": [],
              "sources": [
                "you"
              ],
              "recipients": [],
              "retention": []
            }
          ],
          "notes": [
            "You asked for less."
          ]
        }
        "#);
    }

    #[test]
    fn the_page_is_readable_and_runs_nothing() {
        let page = &files()["index.html"];
        let body = page.split("<body>").nth(1).unwrap();
        insta::assert_snapshot!(body, @r##"
        <a class="skip" href="#contents">Skip to the contents</a>
        <header>
        <h1>What kinds of data we hold about you</h1>
        <p class="soft">from Infotech &#60;GmbH&#62;</p>
        <dl>
        <dt>Your request</dt><dd>DSR-7K2M-94QX</dd>
        <dt>Answered by</dt><dd>Infotech &#60;GmbH&#62;</dd>
        <dt>Data looked at on</dt><dd><time datetime="2026-11-22T10:40:00+00:00">22 November 2026, 10:40 UTC</time></dd>
        <dt>Time covered</dt><dd>everything we hold now</dd>
        </dl>
        </header>
        <main>
        <h2 id="contents">What we hold, why, and who receives it</h2>
        <div class="scroll" tabindex="0" role="region" aria-labelledby="contents-caption">
        <table>
        <caption id="contents-caption">Each line is one kind of data. This page names kinds and holds none of the data itself.</caption>
        <thead><tr><th scope="col">Kind of data</th><th scope="col">What for</th><th scope="col">From</th><th scope="col">Who receives it</th><th scope="col">How long</th><th scope="col">Where it is held</th></tr></thead>
        <tbody>
        <tr>
        <th scope="row">E-mail address<small><code>user.contact.email</code></small></th>
        <td>To deliver what you ordered; To answer you (legal basis: contract)</td>
        <td>you, public registers</td>
        <td>Parcels AG (carrier)</td>
        <td>Invoices stay ten years</td>
        <td>customers (1 row), newsletter (2 rows)</td>
        </tr>
        <tr>
        <th scope="row">Health data <span class="marker">sensitive</span><small><code>user.health_and_medical</code></small></th>
        <td><span class="none">our policy names no purpose</span></td>
        <td>you</td>
        <td><span class="none">nobody</span></td>
        <td><span class="none">while it is needed</span></td>
        <td>notes (1 row)</td>
        </tr>
        </tbody>
        </table>
        </div>
        <ul>
        <li>You asked for less.</li>
        </ul>

        <h2 id="files">How to read the files</h2>
        <ul>
        <li><code>categories.csv</code> and <code>categories.json</code> say the same for a spreadsheet and for a program; <code>datapackage.json</code> describes the columns (Frictionless Data Package).</li>
        <li>The file <code>receipt.json</code> says what was asked and what was done. The file <code>SHA256SUMS</code> lets you check that no file was changed: <code>sha256sum -c SHA256SUMS</code>.</li>
        </ul>

        <h2 id="background">Why we hold it, and who receives it</h2>
        <h3>What we use it for</h3>
        <ul>
        <li>To deliver what you ordered (legal basis: contract). It concerns: Contact details. It comes from you.</li>
        </ul>
        <h3>Who receives it</h3>
        <ul>
        <li>Parcels AG (carrier): all kinds of data</li>
        </ul>
        <h3>How long we keep it</h3>
        <ul>
        <li>Invoices stay ten years</li>
        </ul>
        <h3>Decisions by machine</h3>
        <ul>
        <li>No decision is taken by machine alone.</li>
        </ul>
        <h3>What else you can do</h3>
        <p>You can ask us to correct or delete data, to restrict its use, or object to it: write to privacy@infotech.example. You can complain to <a href="https://ag.example" rel="noreferrer">the Attorney General</a>.</p>
        </main>
        <footer class="soft">
        <p>If something is missing or wrong, write to Infotech &#60;GmbH&#62; and name the request DSR-7K2M-94QX. You can ask for a copy of the data itself as well.</p>
        </footer>
        </body>
        </html>
        "##);
        assert!(!page.contains("<script") && !page.contains("Infotech <GmbH>"));
    }
}
