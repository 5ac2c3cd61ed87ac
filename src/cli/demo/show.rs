//! `habeas demo`: the made-up shop, served, with its mails shown as they leave.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use super::super::{Failure, assemble, serve};
use super::{DATASET, POLICY, company};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::staff::Role;
use crate::mail::Letter;
use crate::usecases::{Error, Office, staff, suppression};

/// Where and as whom the demo runs.
#[derive(clap::Args)]
pub struct Args {
    /// The folder for the shop's data; kept, so that a second start goes on where the first ended.
    #[arg(long, default_value = "habeas-demo")]
    pub dir: PathBuf,
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: String,
}

/// The demo's controller.
const CONTROLLER: &str = "shop";

/// The demo's staff: one of each role. Their password is `demo-` and the role, which is why a demo is no server for
/// real data.
const STAFF: [(&str, &str, Role); 5] = [
    ("clara.clerk@shop.example", "Clara Clerk", Role::Clerk),
    ("rita.reviewer@shop.example", "Rita Reviewer", Role::Reviewer),
    ("olivia.officer@shop.example", "Olivia Officer", Role::Officer),
    ("aldo.auditor@shop.example", "Aldo Auditor", Role::Auditor),
    ("ada.admin@shop.example", "Ada Admin", Role::Admin),
];

/// Makes the shop where it is not there yet, and serves it.
///
/// # Errors
/// When the folder or the address cannot be used.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    serve::log_to_stderr();
    let listener = serve::listen(&args.listen)?;
    let url = format!("http://{}", listener.local_addr().map_err(Failure::of)?);
    make(&args.dir, &url).map_err(|e| Failure::Message(format!("{}: {e}", args.dir.display())))?;
    let config = Config::load(&args.dir.join("habeas.toml"), true, std::iter::empty());
    let config = config.map_err(|f| Failure::Findings(vec![f]))?;
    let mut office = assemble::office(&config, Clock::system())?;
    office.mailer = std::sync::Arc::new(assemble::mailer(&config)?.shown_by(show_mail));
    actix_web::rt::System::new().block_on(async {
        let key = people(&office).await.map_err(Failure::of)?;
        introduce(&url, &args.dir, &key);
        serve::until_stopped(office, listener, 0, Duration::from_secs(config.server.grace_seconds)).await
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the shop's files; the configuration always, because the address may be another one.
fn make(dir: &Path, url: &str) -> Result<(), Box<dyn std::error::Error>> {
    fs::create_dir_all(dir)?;
    let database = dir.join("shop.db");
    if !database.exists() {
        company::create(&database)?;
    }
    fs::write(dir.join("shop.yml"), DATASET)?;
    fs::write(dir.join("policy.toml"), POLICY)?;
    fs::write(
        dir.join("habeas.toml"),
        format!(
            "[server]\npublic_url = \"{url}\"\n\n[database]\nurl = \"sqlite://habeas.db\"\n\n\
             [mail]\ntransport = \"file\"\ndirectory = \"mail\"\nfrom = \"privacy@shop.example\"\n\n\
             [storage]\ndirectory = \"packages\"\n\n\
             [[controllers]]\nid = \"{CONTROLLER}\"\npolicy = \"policy.toml\"\n\n\
             [[systems]]\nid = \"shop-db\"\ncontroller = \"{CONTROLLER}\"\nurl = \"sqlite://shop.db\"\ndataset = \"shop.yml\"\n"
        ),
    )?;
    Ok(())
}

/// The staff, and a new API key.
async fn people(office: &Office) -> Result<String, Error> {
    for (email, name, role) in STAFF {
        let email = email.parse().map_err(|e| Error::invalid("/email", format!("{e}")))?;
        let name = name.parse().map_err(|e| Error::invalid("/name", format!("{e}")))?;
        match staff::add(office, None, email, name, role, format!("demo-{role}").into()).await {
            Ok(_) | Err(Error::AccountExists) => {}
            Err(error) => return Err(error),
        }
    }
    let (_, secret) = suppression::add_key(office, None, "demo".into(), Some(CONTROLLER.into())).await?;
    Ok(secret.reveal().to_owned())
}

fn introduce(url: &str, dir: &Path, key: &str) {
    println!("Habeas demo: a made-up shop with 5,000 customers\n");
    println!("  API         {url}   (openapi: {url}/openapi.yaml)");
    println!("  controller  {CONTROLLER}");
    println!("  data        {}", dir.display());
    println!("  mails       {}   (each is also shown below)\n", dir.join("mail").display());
    println!("  sign-ins    e-mail                        password");
    for (email, _, role) in STAFF {
        println!("              {email:<29} demo-{role}");
    }
    println!("\n  API key     {key}   (for GET /v1/suppressions)\n");
    println!("  ask for     ada@example.com, account C-100001; the README walks through it");
    println!("  stop        Ctrl-C; delete {} to begin anew\n", dir.display());
}

/// A mail as the person would read it. Everybody in the demo is made up; a real server shows nobody's mail.
fn show_mail(letter: &Letter) {
    println!("--- mail to {}: {}\n\n{}---\n", letter.to.expose(), letter.subject, letter.body);
}
