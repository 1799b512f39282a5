//! Every design function against `reference/design.json`, which `reference/design.py` writes with SciPy and mpmath.

use serde_json::Value;

use super::{
    Band, Sos, Symmetry, Window, bessel, butter, cheby1, cheby2, decimation_filter, ellip, firwin, iirnotch,
    sosfilt_zi, sosfreqz, window,
};

const BOUND: f64 = 1e-12;

fn cases(group: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("reference/design.json")).unwrap();
    let cases = all[group].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases
}

fn number(v: &Value) -> f64 {
    v.as_f64().unwrap_or_else(|| panic!("{v} is not a number"))
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(number).collect()
}

/// The largest difference relative to the largest expected value.
fn error(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    found
        .iter()
        .zip(expected)
        .map(|(f, e)| (f - e).abs() / scale)
        .fold(0.0, |m, e| if e > m || e.is_nan() { e } else { m })
}

fn assert_close(found: &[f64], expected: &[f64], what: &Value) {
    let error = error(found, expected);
    assert!(error <= BOUND, "{what}: off by {error:.1e}\n found {found:?}\n expected {expected:?}");
}

/// `[b0 b1 b2 a1 a2]` rows to sections.
fn stored(case: &Value) -> Sos {
    let rows = case["sos"].as_array().unwrap().iter().map(numbers);
    Sos::new(rows.map(|r| [r[0], r[1], r[2], 1.0, r[3], r[4]]).collect()).unwrap()
}

fn design(case: &Value) -> Sos {
    let corners = numbers(&case["corners"]);
    let band = match case["band"].as_str().unwrap() {
        "lowpass" => Band::Low(corners[0]),
        "highpass" => Band::High(corners[0]),
        "bandpass" => Band::Pass(corners[0], corners[1]),
        "bandstop" => Band::Stop(corners[0], corners[1]),
        other => panic!("{other}"),
    };
    let order = u32::try_from(case["order"].as_u64().unwrap()).unwrap();
    let (ripple, fs) = (numbers(&case["ripple"]), number(&case["fs"]));
    match case["family"].as_str().unwrap() {
        "butter" => butter(order, band, fs),
        "cheby1" => cheby1(order, ripple[0], band, fs),
        "cheby2" => cheby2(order, ripple[0], band, fs),
        "ellip" => ellip(order, ripple[0], ripple[1], band, fs),
        "bessel" => bessel(order, band, fs),
        other => panic!("{other}"),
    }
    .unwrap_or_else(|e| panic!("{case}: {e}"))
}

#[test]
fn recursive_filters() {
    for case in cases("iir") {
        let (found, expected) = (design(&case), stored(&case));
        if case["compare"] == "response" {
            let fs = number(&case["fs"]);
            let grid: Vec<f64> = (1..200).map(|i| 0.5 * fs * f64::from(i) / 200.0).collect();
            assert_close(&sosfreqz(&found, &grid, fs), &sosfreqz(&expected, &grid, fs), &case);
            continue;
        }
        assert_eq!(found.sections().len(), expected.sections().len(), "{case}");
        for (f, e) in found.sections().iter().zip(expected.sections()) {
            assert_close(&f[..3], &e[..3], &case);
            assert_close(&f[3..], &e[3..], &case);
        }
    }
}

#[test]
fn decimation_is_chebyshev_of_order_8() {
    let mut seen = 0;
    for case in cases("iir") {
        if case["family"] == "cheby1" && case["ripple"][0] == 0.05 {
            let q = (0.8 / number(&case["corners"][0])).round() as u32;
            for (f, e) in decimation_filter(q).unwrap().sections().iter().zip(stored(&case).sections()) {
                assert_close(&f[..3], &e[..3], &case);
                assert_close(&f[3..], &e[3..], &case);
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 10);
}

#[test]
fn exchanged_zeros_are_the_same_filter() {
    for case in cases("iir") {
        let (sos, fs) = (design(&case), number(&case["fs"]));
        let special = sos.specialise();
        let mut sections: Vec<[f64; 6]> =
            special.sections.iter().map(|s| [s.b[0], s.b[1], s.b[2], 1.0, s.a[0], s.a[1]]).collect();
        sections[0][..3].iter_mut().for_each(|b| *b *= special.gain);
        let grid: Vec<f64> = (1..60).map(|i| 0.5 * fs * f64::from(i) / 60.0).collect();
        let again = sosfreqz(&Sos::new(sections).unwrap(), &grid, fs);
        assert_close(&again, &sosfreqz(&sos, &grid, fs), &case);
        let all_real_zeros = ["butter", "cheby1", "bessel"].iter().any(|f| case["family"] == *f);
        if all_real_zeros && case["band"] != "bandstop" {
            assert!(special.exact, "{case}");
        }
    }
}

#[test]
fn notches() {
    for case in cases("notch") {
        let sos = iirnotch(number(&case["freq"]), number(&case["q"]), number(&case["fs"])).unwrap();
        assert_close(&sos.sections()[0][..3], &numbers(&case["b"]), &case);
        assert_close(&sos.sections()[0][3..], &numbers(&case["a"]), &case);
    }
}

#[test]
fn windows() {
    for case in cases("windows") {
        let kind = Window::from_name(case["name"].as_str().unwrap(), case["shape"].as_f64()).unwrap();
        let symmetry = if case["periodic"] == true { Symmetry::Periodic } else { Symmetry::Symmetric };
        let len = usize::try_from(case["len"].as_u64().unwrap()).unwrap();
        let expected = numbers(&case["values"]);
        let found = window(kind, len, symmetry).unwrap();
        let worst = found.iter().zip(&expected).map(|(f, e)| (f - e).abs()).fold(0.0, f64::max);
        assert!(found.len() == expected.len() && worst <= BOUND, "{case}: {found:?}");
    }
}

#[test]
fn fir_filters() {
    for case in cases("fir") {
        let kind = Window::from_name(case["window"].as_str().unwrap(), case["shape"].as_f64()).unwrap();
        let taps = usize::try_from(case["taps"].as_u64().unwrap()).unwrap();
        let pass_zero = case["pass_zero"] == true;
        let h = firwin(taps, &numbers(&case["cutoffs"]), kind, pass_zero, number(&case["fs"])).unwrap();
        assert_close(&h, &numbers(&case["h"]), &case);
    }
}

#[test]
fn responses_and_steady_states_of_given_sections() {
    for case in cases("sections") {
        let rows = case["sos"].as_array().unwrap().iter().map(|r| numbers(r).try_into().unwrap()).collect();
        let (sos, fs) = (Sos::new(rows).unwrap(), number(&case["fs"]));
        let found = sosfreqz(&sos, &numbers(&case["frequencies"]), fs);
        for (f, e) in found.iter().zip(numbers(&case["magnitude"])) {
            assert!((f - e).abs() <= BOUND * e, "{case}: {found:?}");
        }
        let zi: Vec<f64> = sosfilt_zi(&sos).unwrap().into_iter().flatten().collect();
        let expected: Vec<f64> = case["zi"].as_array().unwrap().iter().flat_map(numbers).collect();
        assert_close(&zi, &expected, &case);
    }
}

/// Filters that people run must pass the check, at every order for which SciPy's own output is meaningful.
#[test]
fn useful_filters_pass_the_check() {
    for case in cases("iir") {
        let order = case["order"].as_u64().unwrap();
        let narrow = numbers(&case["corners"]).windows(2).any(|c| (c[1] - c[0]) / c[1] < 1e-3);
        if order <= 6 && !narrow {
            design(&case).check().unwrap_or_else(|e| panic!("{case}: {e}"));
        }
    }
}
