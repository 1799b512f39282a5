//! Files of `filetests/kernel`: the text of a kernel, and what a command makes of it. The first line is `# test: text`,
//! `verify` or `expand`.

use dasc_ir::kernel::text::parse;
use dasc_ir::kernel::{expand, verify, verify_expanded};
use dasc_tests::filetest;

#[test]
fn files() {
    filetest::check("kernel", run);
}

fn run(input: &str) -> String {
    let mut kernel = match parse(input) {
        Ok(kernel) => kernel,
        Err(error) => return format!("{}\n", error.message),
    };
    let told =
        |result: dasc_ir::Result<()>| result.map_or_else(|error| error.message + "\n", |()| "sound\n".into());
    match filetest::header(input, "test").unwrap_or("") {
        "text" => kernel.to_string(),
        "verify" => told(verify(&kernel)),
        "expand" => {
            let before = told(verify_expanded(&kernel));
            expand(&mut kernel);
            format!("before: {before}after: {}{kernel}", told(verify_expanded(&kernel)))
        }
        other => format!("there is no command {other:?}\n"),
    }
}
