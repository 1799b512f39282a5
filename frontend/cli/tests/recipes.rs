//! `dasc new`: every recipe is written as it is, replaces nothing, and runs as it stands.

mod dasc;

use dasc::{Workplace, json};

#[test]
fn every_recipe_is_written_once_and_passes_the_check() {
    let place = Workplace::new();
    let listed = json(&place.run(&["new", "--json"]).out);
    let recipes = listed["recipes"].as_array().unwrap();
    assert!(recipes.len() >= 7);
    for recipe in recipes {
        let name = recipe["name"].as_str().unwrap();
        let ran = place.run(&["new", name]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let script = format!("{name}.dql");
        let text = std::fs::read_to_string(place.path(&script)).unwrap();
        let source = format!("{}/recipes/{script}", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(text, std::fs::read_to_string(source).unwrap());
        let ran = place.run(&["new", name]);
        assert!(ran.code == 2 && ran.err.contains("exists already"), "{}", ran.err);
        let ran = place.run(&["check", &script]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let shown = place.run(&["new"]).out;
        assert!(
            shown.contains(recipe["about"].as_str().unwrap()) && text.contains("--set source="),
            "{name}"
        );
    }
    assert_eq!(
        place.run(&["new", "leak", "-"]).out,
        std::fs::read_to_string(place.path("leak.dql")).unwrap()
    );
}

#[test]
fn the_ones_without_events_run_as_they_stand() {
    let place = Workplace::new();
    for (name, made) in [("fbe", "fbe-1-10Hz.png"), ("lfdas", "lfdas.png"), ("noise", "noise.png")] {
        assert_eq!(place.run(&["new", name]).code, 0);
        let ran = place.run(&["run", &format!("{name}.dql")]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(std::fs::metadata(place.path(made)).unwrap().len() > 1000, "{made}");
    }
}

#[test]
fn an_unknown_recipe_is_a_mistake_with_a_suggestion() {
    let ran = Workplace::new().run(&["new", "trafic"]);
    assert!(ran.code == 2 && ran.err.contains("did you mean traffic?"), "{}", ran.err);
}
