//! Events around which signals are cut, flows of events joined, and events on the map.

mod dasc;

use std::collections::BTreeMap;

use dasc::{Workplace, json, npy_shape};

const SIDECAR: &str = r#"{"version":1,"channels":16,"rate":1000,"type":"f32","byte_order":"little","scale":1,"spacing":2,"unit":"nstrain/s","start":"2024-05-01T12:00:00Z"}"#;

/// The instant of the first sample, in milliseconds since 1970.
const START: i64 = 1_714_564_800_000;

/// Eight seconds of 16 channels at 1 kHz with bursts of 50 Hz: at both ends, and two that overlap.
fn with_bursts() -> Workplace {
    let bursts = [(100..400, 2..3), (3000..4000, 4..8), (3500..4200, 10..11), (7700..7950, 14..15)];
    let sample = |row: u32, channel: u32| {
        let burst = bursts.iter().any(|(rows, channels)| rows.contains(&row) && channels.contains(&channel));
        let quiet =
            1e-6 * (f64::from((row * 16 + channel).wrapping_mul(2_654_435_761) >> 16) / 65_536.0 - 0.5);
        let tone = (std::f64::consts::TAU * 50.0 * f64::from(row) / 1000.0).sin();
        (if burst { tone } else { 0.0 } + quiet) as f32
    };
    let place = Workplace::new();
    let bytes = (0..8000).flat_map(|row| (0..16).flat_map(move |c| sample(row, c).to_le_bytes()));
    std::fs::write(place.path("fiber.dat"), bytes.collect::<Vec<u8>>()).unwrap();
    place.file("fiber.dat.json", SIDECAR);
    place
}

/// Rows of F32 of a file as bytes, and their number.
fn rows(place: &Workplace, name: &str, channels: usize) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(place.path(name)).unwrap();
    let shape = npy_shape(&bytes);
    let sizes: Vec<usize> = shape.trim_matches(['(', ')']).split(", ").map(|n| n.parse().unwrap()).collect();
    assert_eq!(sizes[1], channels, "{name}");
    let data = &bytes[bytes.len() - sizes[0] * channels * 4..];
    data.chunks_exact(channels * 4).map(<[u8]>::to_vec).collect()
}

/// The lines of a CSV by heading.
fn table(place: &Workplace, name: &str) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(place.path(name)).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(String::from).collect::<Vec<_>>());
    let headings = lines.next().unwrap();
    lines.map(|line| headings.iter().cloned().zip(line).collect()).collect()
}

const DETECT: &str = "READ fiber.dat | BANDPASS 10 200 AS clean | WRITE whole.npy MODE=overwrite\n\
    FROM clean | ENVELOPE | THRESHOLD_DETECT -6 MERGE=0.1s MERGE_CHANNELS=1 AS found\n\
    EVENTS e.csv MODE=overwrite\n";

#[test]
fn cuts_are_slices_of_the_whole_flow_by_bits() {
    let place = with_bursts();
    std::fs::create_dir(place.path("out")).unwrap();
    let script = format!(
        "{DETECT}FROM clean | CUT found BEFORE=0.25s AFTER=0.5s | WRITE 'out/{{id}}.npy' MODE=overwrite\n\
         FROM clean | CUT found BEFORE=0s AFTER=0s CHANNELS=event | WRITE 'out/own-{{id}}.npy' MODE=overwrite | PLOT_TS 'out/{{start}}.png' MODE=overwrite"
    );
    for more in [&[][..], &["--chunk", "7", "--threads", "1"]] {
        let ran = place.run(&[&["run", "-e", &script], more].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.err.contains("2 of 4 cuts end early, at an end of the data: events 1, 4"), "{}", ran.err);
        assert!(ran.err.contains("12 files"), "{}", ran.err);
        let whole = rows(&place, "whole.npy", 16);
        let events = table(&place, "e.csv");
        assert_eq!(events.len(), 4);
        for event in &events {
            let number = |column: &str| event[column].parse::<i64>().unwrap();
            let (id, first, last) =
                (number("id"), number("start_ns") / 1_000_000 - START, number("end_ns") / 1_000_000 - START);
            let (from, to) = ((first - 250).max(0) as usize, (last + 501).min(8000) as usize);
            assert!(
                rows(&place, &format!("out/{id}.npy"), 16) == whole[from..to],
                "event {id}: {from}..{to}"
            );
            let channels = (number("channel_lo") as usize * 4)..(number("channel_hi") as usize * 4 + 4);
            let own: Vec<Vec<u8>> = whole[first as usize..=last as usize]
                .iter()
                .map(|row| row[channels.clone()].to_vec())
                .collect();
            assert!(rows(&place, &format!("out/own-{id}.npy"), channels.len() / 4) == own, "event {id}");
        }
        let pictures = std::fs::read_dir(place.path("out")).unwrap().filter(|entry| {
            let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
            name.starts_with("2024-05-01T12-00-0") && name.ends_with(".png")
        });
        assert_eq!(pictures.count(), 4);
    }
}

#[test]
fn a_pad_is_for_both_sides_or_for_each() {
    let place = with_bursts();
    let cut = |pads: &str| {
        let script = format!("{DETECT}FROM clean | CUT found {pads} | WRITE 'cut-{{id}}.npy' MODE=overwrite");
        let ran = place.run(&["run", "-e", &script]);
        assert_eq!(ran.code, 0, "{pads}: {}", ran.err);
        (1..=4).map(|id| std::fs::read(place.path(&format!("cut-{id}.npy"))).unwrap()).collect::<Vec<_>>()
    };
    assert!(cut("PAD=[0.25s,0.5s]") == cut("BEFORE=0.25s AFTER=0.5s"));
    assert!(cut("PAD=0.25s") == cut("BEFORE=0.25s AFTER=0.25s"));
    assert!(cut("PAD=0.25s AFTER=0.5s") == cut("PAD=[0.25s,0.5s]"));
    assert!(cut("") == cut("PAD=5s"));
}

#[test]
fn the_answer_of_a_run_names_the_event_of_every_cut() {
    let place = with_bursts();
    let script = format!(
        "{DETECT}FROM found | WHERE channels > 1 AS wide\nFROM clean | CUT wide | WRITE 'cut-{{id}}.npy'"
    );
    let ran = place.run(&["--json", "run", "-e", &script]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let answer = json(&ran.out);
    let outputs = answer["runs"][0]["outputs"].as_array().unwrap();
    let cut: Vec<_> = outputs.iter().filter(|output| output.get("event").is_some()).collect();
    assert_eq!(cut.len(), 1, "{answer}");
    let path = cut[0]["path"].as_str().unwrap().to_string();
    assert!(path.ends_with(&format!("cut-{}.npy", cut[0]["event"])), "{answer}");
    // What exists is not touched.
    let again = place.run(&["run", "-e", &script]);
    assert_eq!(again.code, 2, "{}", again.err);
    assert!(again.err.contains("exists already"), "{}", again.err);
}

/// Channels 100 to 110 of one event, none of the other: the rest is written all the same.
#[test]
fn a_cut_that_does_not_suit_a_sink_stops_no_other() {
    let place = with_bursts();
    let cut = "FROM clean | CUT found CHANNELS=event | WRITE 'cut-{id}.npy' MODE=overwrite";
    let events = {
        let ran = place.run(&["run", "-e", &format!("{DETECT}{cut}")]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        table(&place, "e.csv")
    };
    let number = |event: &BTreeMap<String, String>, name: &str| event[name].parse::<i64>().unwrap();
    let first = number(&events[0], "channel_lo");
    let has = |event: &&BTreeMap<String, String>| {
        (number(event, "channel_lo")..=number(event, "channel_hi")).contains(&first)
    };
    let (with, without): (Vec<_>, Vec<_>) = events.iter().partition(has);
    assert!(!with.is_empty() && !without.is_empty());
    let script = format!("{DETECT}{cut} | PLOT_TS 'cut-{{id}}.png' CH={first}..{}", first + 1);
    let ran = place.run(&["run", "-e", &script]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    let left = format!("PLOT_TS is left out of {} of {} cuts", without.len(), events.len());
    assert!(ran.err.contains(&left) && ran.err.contains("chooses no channel"), "{}", ran.err);
    for (events, drawn) in [(with, true), (without, false)] {
        for event in events {
            assert!(place.path(&format!("cut-{}.npy", event["id"])).exists());
            assert_eq!(place.path(&format!("cut-{}.png", event["id"])).exists(), drawn, "{}", event["id"]);
        }
    }
}

#[test]
fn mistakes_about_cuts_have_a_remedy() {
    let place = with_bursts();
    for (end, told) in [
        ("FROM clean | CUT found | WRITE a.npy", "put {id} or {start} into the name"),
        ("FROM clean | CUT found | WRITE -", "put {id} or {start} into the name"),
        ("FROM clean | CUT found | RMS 1s", "put it before the CUT"),
        ("FROM clean | CUT found | EVENTS '{id}.csv'", "write the events of their own flow"),
        ("FROM clean | CUT clean | WRITE '{id}.npy'", "the flow `clean` has no events"),
        ("FROM clean | CUT foud | WRITE '{id}.npy'", "did you mean found?"),
        ("FROM clean | CUT found BEFORE=2d | WRITE '{id}.npy'", "BEFORE is 172800 s"),
        ("FROM clean | CUT found PAD=[1s,2d] | WRITE '{id}.npy'", "PAD is 172800 s"),
        ("FROM clean | CUT found PAD=[1s,2s,3s] | WRITE '{id}.npy'", "PAD=[5s,30s]"),
        ("FROM clean | CUT found | WRITE 'no/{id}.npy'", "mkdir -p 'no'"),
        ("FROM clean | CUT found | WRITE '{id}.npy' | WRITE '{id}.npy'", "written twice"),
        ("FROM clean | WRITE '{id}.npy'", "there is no field {id}"),
        ("FROM found, clean | EVENTS x.csv", "the flow `clean` has no events"),
        ("FROM found, found | EVENTS x.csv", "twice"),
        ("FROM found, foud | EVENTS x.csv", "did you mean found?"),
    ] {
        let ran = place.run(&["check", "-e", &format!("{DETECT}{end}")]);
        assert_eq!(ran.code, 2, "{end}: {}", ran.err);
        assert!(ran.err.contains(told), "{end}: {}", ran.err);
    }
    let many = DETECT
        .replace("ENVELOPE | THRESHOLD_DETECT -6 MERGE=0.1s MERGE_CHANNELS=1", "ABS | THRESHOLD_DETECT -140");
    let ran = place.run(&["run", "-e", &format!("{many}FROM clean | CUT found | WRITE '{{id}}.npy'")]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("more than 1000 files") && ran.err.contains("MERGE"), "{}", ran.err);
}

#[test]
fn flows_of_events_are_joined_in_order() {
    let place = with_bursts();
    let script = format!(
        "{DETECT}FROM found | WHERE channels > 1 AS wide\nFROM found | WHERE channels = 1 AS narrow\n\
         FROM wide, narrow | EVENTS all.csv\nFROM wide, narrow | MERGE GAP=1h DISTANCE=1km | EVENTS one.csv"
    );
    let ran = place.run(&["run", "-e", &script]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let read = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
    assert_eq!(read("all.csv"), read("e.csv"));
    let one = table(&place, "one.csv");
    assert_eq!((one.len(), &one[0]["channel_lo"], &one[0]["channel_hi"]), (1, &"2".into(), &"14".into()));
}

/// A front that reaches channel 9 first and its neighbours 20 ms apart, twice as strong on channel 12.
#[test]
fn picks_are_on_the_channels_of_start_and_peak() {
    let place = Workplace::new();
    let sample = |row: u32, channel: u32| {
        let since = i64::from(row) - 1000 - 20 * i64::from(channel.abs_diff(9));
        let strength = if channel == 12 { 2.0_f32 } else { 1.0 };
        if (0..100).contains(&since) { strength } else { 0.0 }
    };
    let bytes = (0..3000).flat_map(|row| (0..16).flat_map(move |c| sample(row, c).to_le_bytes()));
    std::fs::write(place.path("fiber.dat"), bytes.collect::<Vec<u8>>()).unwrap();
    place.file("fiber.dat.json", SIDECAR);
    let script = "READ fiber.dat CH=3..16 | THRESHOLD_DETECT 0.5nstrain/s MERGE_CHANNELS=1 | EVENTS e.xml";
    let ran = place.run(&["run", "-e", script]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let text = std::fs::read_to_string(place.path("e.xml")).unwrap();
    let picks: Vec<&str> = text.split("<pick ").skip(1).collect();
    let [start, peak] = picks[..] else { panic!("{text}") };
    assert!(start.contains("12:00:01Z") || start.contains("12:00:01.0"), "{start}");
    assert!(start.contains("stationCode=\"9\""), "{start}");
    assert!(peak.contains("12:00:01.06") && peak.contains("stationCode=\"12\""), "{peak}");
}

#[test]
fn events_lie_where_the_geometry_puts_their_middle_channel() {
    let place = with_bursts();
    let mut geometry = String::from("channel,latitude,longitude\n");
    (0..16).for_each(|c| geometry += &format!("{c},{},{}\n", 46.0 + f64::from(c) / 64.0, 7.5));
    place.file("g.csv", &geometry);
    let script = DETECT.replace("fiber.dat", "fiber.dat GEOMETRY=g.csv") + "EVENTS e.xml";
    let ran = place.run(&["run", "-e", &script]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let events = table(&place, "e.csv");
    let places: Vec<(&str, &str)> =
        events.iter().map(|e| (e["latitude"].as_str(), e["longitude"].as_str())).collect();
    // Channels 2, 4 to 7, 10 and 14.
    assert_eq!(places, [("46.03125", "7.5"), ("46.078125", "7.5"), ("46.15625", "7.5"), ("46.21875", "7.5")]);
    let xml = std::fs::read_to_string(place.path("e.xml")).unwrap();
    assert_eq!((xml.matches("<origin ").count(), xml.matches("<preferredOriginID>").count()), (4, 4));
    assert!(xml.contains("<latitude><value>46.078125</value></latitude>"), "{xml}");
}

#[test]
fn events_go_to_a_web_hook() {
    use std::io::{BufRead, BufReader, Read, Write};
    let place = Workplace::new();
    let script = |sink: &str| {
        format!(
            "READ 'synthetic:quake' | BANDPASS 1Hz 20Hz | STA_LTA 0.2s 2s | THRESHOLD_DETECT 4 RATIO MERGE=1s MERGE_CHANNELS=20 | {sink}"
        )
    };
    let ran = place.run(&["run", "-e", &script("EVENTS found.jsonl")]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let expected = std::fs::read_to_string(place.path("found.jsonl")).unwrap();
    assert!(!expected.is_empty(), "nothing is found");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/alarm", listener.local_addr().unwrap());
    let count = expected.lines().count();
    let answering = std::thread::spawn(move || {
        let mut bodies = String::new();
        for _ in 0..count {
            let mut socket = BufReader::new(listener.accept().unwrap().0);
            let mut length = 0;
            loop {
                let mut line = String::new();
                socket.read_line(&mut line).unwrap();
                if let Some(n) = line.to_lowercase().strip_prefix("content-length: ") {
                    length = n.trim().parse().unwrap();
                }
                if line == "\r\n" {
                    break;
                }
            }
            let mut body = vec![0; length];
            socket.read_exact(&mut body).unwrap();
            bodies += &String::from_utf8(body).unwrap();
            let answer = b"HTTP/1.1 204 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            socket.get_mut().write_all(answer).unwrap();
        }
        bodies
    });
    let ran = place.run(&["run", "-e", &script(&format!("EVENTS {url}"))]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains(&format!("wrote {url}")), "{}", ran.err);
    assert_eq!(answering.join().unwrap(), expected);
    // A hook that refuses costs the other outputs nothing.
    let refusing = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/alarm", refusing.local_addr().unwrap());
    std::thread::spawn(move || {
        for socket in refusing.incoming() {
            let mut socket = socket.unwrap();
            let _ = socket.read(&mut [0; 4096]);
            let _ = socket.write_all(b"HTTP/1.1 403 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    let ran = place.run(&["run", "-e", &script(&format!("EVENTS {url} | EVENTS kept.jsonl"))]);
    assert!(ran.code == 1 && ran.err.contains("did not take"), "{} {}", ran.code, ran.err);
    assert_eq!(std::fs::read_to_string(place.path("kept.jsonl")).unwrap(), expected);
    for (sink, says) in [
        ("EVENTS http://127.0.0.1:9/x EVERY=1h", "EVERY means nothing for a web hook"),
        ("EVENTS http://127.0.0.1:9/x FORMAT=csv", "FORMAT means nothing for a web hook"),
        ("EVENTS http://127.0.0.1:9/x MODE=append", "MODE means nothing for a web hook"),
        ("WRITE http://127.0.0.1:9/x.npy", "outputs are files of this machine"),
    ] {
        let ran = place.run(&["run", "-e", &script(sink)]);
        assert!(ran.code == 2 && ran.err.contains(says) && ran.err.contains("help: "), "{sink}: {}", ran.err);
    }
}
