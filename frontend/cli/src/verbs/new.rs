//! `dasc new`: writes a recipe, a commented script that runs on made-up data until it is given a file.

use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use dasc_ir::Diag;
use dasc_ir::spelling::nearest;
use serde_json::json;

use super::Context;
use crate::args::NewArgs;
use crate::outcome::{Done, Outcome};
use crate::recipes::{RECIPES, listed};

pub fn new(args: &NewArgs, context: &mut Context) -> Outcome {
    let terminal = context.terminal;
    let Some(name) = &args.recipe else {
        if terminal.json {
            let list = RECIPES.iter().map(|r| json!({ "name": r.name, "about": r.summary() }));
            terminal.answer(json!({ "recipes": list.collect::<Vec<_>>() }))?;
        } else {
            terminal.out(&listed())?;
        }
        return Ok(Done::Well);
    };
    let Some(recipe) = RECIPES.iter().find(|recipe| recipe.name.eq_ignore_ascii_case(name)) else {
        let near = nearest(name, RECIPES.iter().map(|recipe| recipe.name));
        let near = near.map(|name| format!("did you mean {name}? ")).unwrap_or_default();
        let known: Vec<&str> = RECIPES.iter().map(|recipe| recipe.name).collect();
        return Err(Diag::usage(format!("there is no recipe '{name}'"))
            .help(format!("{near}Known: {}", known.join(", ")))
            .into());
    };
    let path = args.file.clone().unwrap_or_else(|| PathBuf::from(format!("{}.dql", recipe.name)));
    if path.as_os_str() == "-" {
        terminal.out(recipe.text)?;
        return Ok(Done::Well);
    }
    // A file that appears in between is not replaced either.
    let written =
        std::fs::File::create_new(&path).and_then(|mut file| file.write_all(recipe.text.as_bytes()));
    match written {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(Diag::usage(format!("'{}' exists already", path.display()))
                .help(format!("give another name: dasc new {} FILE", recipe.name))
                .into());
        }
        Err(error) => {
            return Err(Diag::world(format!("cannot write '{}': {error}", path.display()))
                .help("give a path in a folder that you may write to")
                .into());
        }
    }
    terminal.say(&format!(
        "wrote {}; try it with dasc run {0}, then on data with --set source=FILE",
        path.display()
    ));
    if terminal.json {
        terminal.answer(json!({ "recipe": recipe.name, "file": path }))?;
    }
    Ok(Done::Well)
}
