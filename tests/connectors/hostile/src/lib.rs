//! For tests of the host: `libraries` tries the attack that the settings name and tells what came of it, as the only library's name.
wit_bindgen::generate!({
    path: "../../../wit/0.1",
    generate_all,
    inline: "
        package tests:hostile;
        world hostile {
            include camroll:connector/imports@0.1.0;
            export camroll:connector/connector@0.1.0;
            export camroll:connector/source@0.1.0;
        }
    ",
});

use camroll::connector::*;
use exports::camroll::connector::{connector, source};
use std::cell::RefCell;
use types::{Account, Error, ErrorClass};

struct Hostile;
export!(Hostile);

thread_local! {
    static SETTINGS: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A text setting, without a JSON parser: the tests write no escapes.
fn setting(name: &str) -> String {
    SETTINGS.with_borrow(|settings| {
        settings
            .split_once(&format!("\"{name}\":\""))
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(value, _)| value.to_owned())
            .unwrap_or_default()
    })
}

fn said(code: &str) -> Error {
    Error {
        class: ErrorClass::Unexpected,
        code: code.to_owned(),
        message: code.to_owned(),
        retry_after: None,
        details: vec![],
    }
}

impl connector::Guest for Hostile {
    fn connect(settings: String) -> Result<(), Error> {
        SETTINGS.set(settings);
        if setting("attack") == "network-in-connect" {
            get(&setting("server"), 0)?;
        }
        Ok(())
    }

    fn check() -> Result<Account, Error> {
        Ok(Account {
            id: None,
            name: attack()?,
            expires: None,
            attributes: vec![],
        })
    }
}

impl source::Guest for Hostile {
    fn libraries() -> Result<Vec<source::Library>, Error> {
        if setting("attack") == "one-string-a-thousand-times" {
            return Ok(same_string_often());
        }
        Ok(vec![library(attack()?)])
    }

    fn changes(_: String, _: Option<Vec<u8>>) -> Result<source::Page, Error> {
        let mut page = source::Page {
            changes: vec![],
            cursor: vec![],
            more: false,
            done: None,
            total: None,
        };
        match setting("attack").as_str() {
            "long-cursor" => page.cursor = vec![0; 65 << 10],
            "many-changes" => page.changes = vec![source::Change::SnapshotBegin; 1001],
            _ => {}
        }
        Ok(page)
    }

    fn describe(_: String, _: Vec<String>) -> Result<Vec<source::Change>, Error> {
        Ok(vec![])
    }

    fn locate(_: String, _: Vec<source::ResourceRef>) -> Result<Vec<Result<source::Located, Error>>, Error> {
        Ok(vec![])
    }

    fn fetch(_: Vec<u8>, _: u64, into: &bodies::Sink) -> Result<(), Error> {
        loop {
            into.write(&[0; 65_536])?;
        }
    }
}

/// A thousand strings that are one and the same megabyte of the guest's memory; for the host they would be a gigabyte.
fn same_string_often() -> Vec<source::Library> {
    let long = std::mem::ManuallyDrop::new("x".repeat(1 << 20).into_boxed_str().into_string());
    // SAFETY: none. Nobody frees them: the host stops this instance, or they are forgotten.
    (0..1000)
        .map(|_| library(unsafe { String::from_raw_parts(long.as_ptr().cast_mut(), long.len(), long.len()) }))
        .collect()
}

fn library(name: String) -> source::Library {
    source::Library {
        id: "one".to_owned(),
        name,
        kind: "personal".to_owned(),
        count: None,
        attributes: vec![],
    }
}

fn request<'a>(method: &str, url: &str, body: Vec<http::Segment<'a>>) -> http::Request<'a> {
    http::Request {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: vec![],
        body,
        auth: None,
        redirects: 0,
        options: vec![],
    }
}

fn get(url: &str, redirects: u8) -> Result<String, Error> {
    let mut get = request("GET", url, vec![]);
    get.redirects = redirects;
    send(&get)
}

/// Asks as the settings `method`, `header` ("Name: value") and `body` say; in a body ' stands for ".
fn ask(url: &str) -> Result<String, Error> {
    let (method, header, body) = (
        setting("method"),
        setting("header"),
        setting("body").replace('\'', "\""),
    );
    if body.contains("secret:") {
        secrets::placeholder("password")?;
    }
    let body = match body.as_str() {
        "" => vec![],
        _ => vec![http::Segment::Json(body)],
    };
    let mut asked = request(if method.is_empty() { "GET" } else { &method }, url, body);
    if let Some((name, value)) = header.split_once(": ") {
        asked.headers.push((name.to_owned(), value.to_owned()));
    }
    asked.auth = Some(setting("auth")).filter(|auth| !auth.is_empty());
    asked.redirects = 5;
    send(&asked)
}

fn send(request: &http::Request<'_>) -> Result<String, Error> {
    let answer = http::send(request)?;
    let body = answer.body.read_all(1 << 20)?;
    let mut told = format!("{} {}", answer.status, String::from_utf8_lossy(&body));
    for (name, value) in answer.headers {
        told.push_str(&format!(" {name}={value}"));
    }
    Ok(told)
}

fn attack() -> Result<String, Error> {
    let (server, target) = (setting("server"), setting("target"));
    match setting("attack").as_str() {
        // The network.
        "get" | "other-host" | "rebind" => get(&target, 0),
        "redirect" => get(&target, 5),
        "ask" => ask(&target),
        "ask-twice" => {
            let first = ask(&setting("first")).unwrap_or_else(|error| error.code);
            Ok(format!("{first} | {}", ask(&target)?))
        }
        // What an instance finds out for the others: told, kept to itself, or lost with it.
        "find-out" | "find-out-and-keep-it" | "find-out-and-fall" => {
            if let Some(told) = findings::ask("what it does")? {
                return Ok(format!("told: {}", String::from_utf8_lossy(&told)));
            }
            let found = get(&target, 0)?;
            match setting("attack").as_str() {
                "find-out" => findings::tell("what it does", found.as_bytes())?,
                "find-out-and-fall" => panic!("with what it found"),
                _ => {}
            }
            Ok(format!("found: {found}"))
        }
        "tell-too-much" => {
            for number in 0..1000 {
                findings::tell(&number.to_string(), &[0; 4096])?;
            }
            Ok("all was kept".to_owned())
        }
        // Honest: it computes for next to nothing, and for as long as the server takes it is busy.
        "ask-a-hundred-times" => {
            for _ in 0..100 {
                get(&target, 0)?;
            }
            Ok("asked".to_owned())
        }
        "post-until-refused" => loop {
            send(&request("POST", &target, vec![]))?;
        },
        // A file that somebody stored at the server says what only the server's own list may say.
        "stored-file-teaches" => {
            get(&format!("{server}/stored/list"), 0)?;
            get(&target, 0)
        }
        "list-teaches" => {
            send(&request("POST", &format!("{server}/list"), vec![]))?;
            get(&target, 0)
        }
        "echo" => {
            let secret = secrets::placeholder("password")?;
            send(&request(
                "POST",
                &format!("{server}/echo"),
                vec![http::Segment::Json(format!("{{\"password\":\"{secret}\"}}"))],
            ))
        }
        "placeholder-elsewhere" => {
            let secret = secrets::placeholder("password")?;
            let mut elsewhere = request(
                "POST",
                &format!("{server}/echo?q={secret}"),
                vec![http::Segment::Json(format!("{{\"other\":\"{secret}\"}}"))],
            );
            elsewhere.headers.push(("X-Secret".to_owned(), secret));
            send(&elsewhere)
        }
        "login" => {
            let secret = secrets::placeholder("password")?;
            send(&request(
                "POST",
                &format!("{server}/login"),
                vec![http::Segment::Json(format!("{{\"password\":\"{secret}\"}}"))],
            ))
        }
        "part-of-a-value" => {
            let secret = secrets::placeholder("password")?;
            send(&request(
                "POST",
                &format!("{server}/login"),
                vec![http::Segment::Json(format!("{{\"password\":\"x{secret}\"}}"))],
            ))
        }
        "reveal" => secrets::reveal("password").map(|value| String::from_utf8_lossy(&value).into_owned()),
        "fill-other-slot" => secrets::keep("password", "mine").map(|()| "kept".to_owned()),
        "fill-slot" => secrets::keep("session-id", &target).map(|()| "kept".to_owned()),
        "use-filled-slot" => {
            let secret = secrets::placeholder("session-id")?;
            send(&request("POST", &format!("{server}/use?sid={secret}"), vec![]))
        }
        "own-authorization" => {
            let mut own = request("GET", &server, vec![]);
            own.headers.push(("Authorization".to_owned(), "Bearer mine".to_owned()));
            send(&own)
        }
        "header-line" => {
            let mut injected = request("GET", &server, vec![]);
            injected.headers.push(("X-One".to_owned(), "1\r\nX-Two: 2".to_owned()));
            send(&injected)
        }
        "hundred-kept" => {
            let mut kept = vec![];
            for _ in 0..100 {
                kept.push(http::start(&request("GET", &target, vec![]))?);
            }
            Ok("a hundred".to_owned())
        }
        "hundred-dropped" => {
            for _ in 0..100 {
                drop(http::start(&request("GET", &target, vec![]))?);
            }
            Ok("a hundred".to_owned())
        }

        // Its limits.
        "loop" => {
            let mut count = 0_u64;
            loop {
                count = std::hint::black_box(count + 1);
            }
        }
        "four-gigabytes" => {
            let mut all: Vec<Vec<u8>> = vec![];
            for _ in 0..4096 {
                all.push(std::hint::black_box(vec![1; 1 << 20]));
            }
            Ok(format!("{} MiB", all.len()))
        }
        "too-deep" => Ok(format!("{}", deeper(0))),
        "trap" => panic!("on purpose"),
        "one-string-to-the-host" => {
            let fields: Vec<_> = same_string_often()
                .into_iter()
                .map(|library| ("key".to_owned(), library.name))
                .collect();
            log::write(log::Level::Info, "long", &fields);
            std::mem::forget(fields);
            Ok("written".to_owned())
        }
        "log-flood" => {
            for line in 0..100_000 {
                log::write(log::Level::Warn, &format!("line {line}"), &[]);
            }
            Ok("flooded".to_owned())
        }
        "log-secret" => {
            log::write(log::Level::Warn, &target, &[("field".to_owned(), target.clone())]);
            Err(said(&target))
        }
        "wait-long" => clock::wait(61).map(|()| "waited".to_owned()),
        "wait" => clock::wait(60).map(|()| "waited".to_owned()),
        "random" => Ok(format!("{} bytes", random::bytes(1 << 20).len())),
        "session" => session::set("key", b"value").map(|()| "kept".to_owned()),
        "session-full" => {
            for key in 0..64 {
                session::set(&format!("key {key}"), &vec![7; 65_536])?;
            }
            Ok("kept".to_owned())
        }

        // The folder.
        "stat" => Ok(format!("{:?}", files::stat(&target)?.map(|info| info.size))),
        "open" => Ok(format!(
            "{} bytes",
            files::open(&target, None)?.read_all(1 << 20)?.len()
        )),
        "publish" => {
            files::create("hostile")?.write(b"hostile")?;
            let publication = files::Publication {
                draft: "hostile".to_owned(),
                path: target,
                replaces: None,
            };
            match files::publish(&[publication]).pop() {
                Some(Ok(info)) => Ok(info.path),
                Some(Err(error)) => Err(error),
                None => Err(said("hostile/nothing")),
            }
        }
        "many-drafts" => {
            let mut drafts = vec![];
            for number in 0..100_000 {
                drafts.push(files::create(&format!("draft-{number}"))?);
            }
            Ok(format!("{} drafts", drafts.len()))
        }
        "remove" => files::remove(&target, None).map(|()| "removed".to_owned()),
        "draft-name" => files::create(&target).map(|_| "made".to_owned()),

        // What isn't built answers in words.
        "tcp" => tcp::connect("localhost", 22, "plain", None).map(|_| "connected".to_owned()),
        "checkpoint" => staging::save(b"state", 0).map(|()| "saved".to_owned()),
        unknown => Err(said(&format!("hostile/{unknown}"))),
    }
}

#[allow(unconditional_recursion)]
fn deeper(depth: u64) -> u64 {
    std::hint::black_box(deeper(std::hint::black_box(depth + 1)) + 1)
}
