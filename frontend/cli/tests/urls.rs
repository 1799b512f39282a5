//! Records by URL, from a server in this process: whole, moved, missing, cut short, silent, too long.

mod dasc;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use dasc::{Ran, Workplace, json};

/// Answers every connection by the path asked for; the address it listens at.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let request = lines.next().unwrap().unwrap();
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                answer(request.split(' ').nth(1).unwrap(), &mut stream);
            });
        }
    });
    address
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/prodml_2.0.h5").canonicalize().unwrap()
}

fn answer(path: &str, stream: &mut TcpStream) {
    let file = std::fs::read(file()).unwrap();
    let start = &file[..1000];
    let (status, more, length, body) = match path {
        "/f.h5" => ("200 OK", "", file.len(), &file[..]),
        "/moved" => ("302 Found", "Location: /f.h5\r\n", 0, &[][..]),
        "/cut" | "/silent" => ("200 OK", "", file.len(), start),
        "/long" => ("200 OK", "", 1 << 40, start),
        "/secret" => ("403 Forbidden", "", 0, &[][..]),
        _ => ("404 Not Found", "", 0, &[][..]),
    };
    let head = format!("HTTP/1.1 {status}\r\n{more}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    // A client that gave up has closed the connection.
    let _ =
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).and_then(|()| stream.flush());
    if path == "/silent" {
        std::thread::sleep(Duration::from_secs(60));
    }
}

/// Runs with a temporary folder of its own, which must be empty afterwards.
fn run(place: &Workplace, args: &[&str]) -> Ran {
    let folder = place.path("temporary");
    std::fs::create_dir_all(&folder).unwrap();
    let mut command = place.command(args);
    command.env("TMPDIR", &folder).env("DASC_URL_TIMEOUT", "1").stdin(Stdio::null());
    let output = command.output().unwrap();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "{args:?} left temporary files");
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        bytes: output.stdout,
    }
}

#[test]
fn a_fetched_record_is_the_same_as_the_file() {
    let (place, server) = (Workplace::new(), serve());
    let script = |name: &str| format!("READ '{name}' CH=3..9 TIME=1s..2s | ABS | WRITE -");
    let local = run(&place, &["run", "-e", &script(&file().to_string_lossy())]);
    assert_eq!(local.code, 0, "{}", local.err);
    for name in [format!("{server}/f.h5"), format!("{server}/moved"), format!("file://{}", file().display())]
    {
        let ran = run(&place, &["run", "-e", &script(&name)]);
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        assert!(ran.bytes == local.bytes, "{name}");
        assert_eq!(ran.err.matches("fetched").count(), usize::from(name.starts_with("http")), "{}", ran.err);
    }
    let ran = run(&place, &["inspect", "--json", &format!("{server}/f.h5")]);
    let answer = json(&ran.out);
    assert_eq!((ran.code, &answer["ok"]), (0, &true.into()), "{}", ran.err);
    assert_eq!(answer["files"][0]["record"]["samples"], 2500);
    assert_eq!(answer["files"][0]["bytes"], std::fs::metadata(file()).unwrap().len());
    assert_eq!(ran.err.matches("fetched").count(), 1, "{}", ran.err);
}

#[test]
fn what_cannot_be_fetched_is_refused_with_the_reason() {
    let (place, server) = (Workplace::new(), serve());
    for (code, url, word) in [
        (1, format!("{server}/none.h5"), "404"),
        (1, format!("{server}/secret"), "needs no login"),
        (1, format!("{server}/cut"), "/cut"),
        (1, format!("{server}/silent"), "silent for 1 s after 1000 bytes"),
        (1, format!("{server}/long"), "is the limit"),
        (1, "http://127.0.0.1:1/f.h5".into(), "check the address"),
        (2, "s3://bucket/f.h5".into(), "aws s3"),
        (2, "gopher://old/f.h5".into(), "not supported"),
        (2, "file://elsewhere/f.h5".into(), "another machine"),
        (2, "file:///a%zz".into(), "hexadecimal"),
    ] {
        let ran = run(&place, &["run", "-e", &format!("READ '{url}' | WRITE a.npy")]);
        assert_eq!(ran.code, code, "{url}: {}", ran.err);
        assert!(ran.err.contains(word), "{url}: {}", ran.err);
    }
}
