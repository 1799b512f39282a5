//! The recipes of `dasc new`: scripts in `recipes/`, whose first comment line says what each is for.

/// A script to start from.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    pub name: &'static str,
    pub text: &'static str,
}

/// One line for each file of the folder; a test compares the two.
macro_rules! recipes {
    ($($name:literal),* $(,)?) => {
        pub const RECIPES: &[Recipe] =
            &[$(Recipe { name: $name, text: include_str!(concat!("../recipes/", $name, ".dql")) }),*];
    };
}

recipes!["quake", "traffic", "intrusion", "leak", "fbe", "lfdas", "noise"];

impl Recipe {
    /// The first comment line.
    pub fn summary(&self) -> &'static str {
        self.text.lines().next().unwrap_or("").trim_start_matches(['#', ' '])
    }
}

/// The names with what they are for, as `--help` and `dasc new` show them.
pub fn listed() -> String {
    let line = |recipe: &Recipe| format!("  {:<10} {}\n", recipe.name, recipe.summary());
    RECIPES.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_listed_and_begins_with_its_summary() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/recipes");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(files, RECIPES.iter().map(|recipe| recipe.name.to_string()).collect());
        for recipe in RECIPES {
            assert!(recipe.text.starts_with("# ") && recipe.summary().ends_with('.'), "{}", recipe.name);
        }
    }
}
