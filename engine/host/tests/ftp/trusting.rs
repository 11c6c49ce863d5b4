//! Whom TLS trusts is read from the environment once a process, so what is asked over TLS is asked by this program run once more.

use std::process::Stdio;

use camroll_servers::ftp::Ftp;
use serde::{Deserialize, Serialize};

use crate::place::Place;
use crate::{content, faults, sign_in};

const ASKED: &str = "CAMROLL_TEST_FTP";

/// What the inner run does.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub enum Question {
    AllOfIt,
    GoesOn,
    WrongAtTheEnd,
    IsSignedIn,
    LeavesFilesReadable,
    HasNewestTls,
}

#[derive(Deserialize, Serialize)]
struct Asked {
    place: Place,
    question: Question,
}

/// Asks it in a process that trusts the server's certificate.
pub async fn asked_where_trusted(server: &Ftp, place: &Place, question: Question) {
    let asked = Asked {
        place: place.clone(),
        question,
    };
    let output = tokio::process::Command::new(std::env::current_exe().expect("it runs"))
        .args(["--exact", "trusting::inner", "--ignored", "--nocapture"])
        .env("SSL_CERT_FILE", server.certificate())
        .env(ASKED, serde_json::to_string(&asked).expect("it can be written"))
        .stdin(Stdio::null())
        .output()
        .await
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{question:?} of {place:?}");
    assert!(said.contains("1 passed"), "the inner run wasn't found");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the other tests, with an environment"]
async fn inner() {
    let Ok(asked) = std::env::var(ASKED) else { return };
    let Asked { place, question } = serde_json::from_str(&asked).expect("it was written by us");
    match question {
        Question::AllOfIt => {
            content::all_of_it(&place).await;
            content::large(&place).await;
            content::many(&place).await;
        }
        Question::GoesOn => faults::goes_on(&place).await,
        Question::WrongAtTheEnd => faults::wrong_at_the_end(&place).await,
        Question::HasNewestTls => sign_in::has_newest_tls(&place).await,
        Question::LeavesFilesReadable => sign_in::leaves_files_readable(&place).await,
        Question::IsSignedIn => sign_in::is_signed_in(&place).await,
    }
}
