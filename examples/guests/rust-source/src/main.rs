//! Counts the lines and words of a file. Inputs stand under /in, which is also the working
//! directory; what is left under /out is the job's result.
use std::{env, fs, process::ExitCode};

fn main() -> ExitCode {
    let Some(name) = env::args().nth(1) else {
        eprintln!("usage: job FILE");
        return ExitCode::from(2);
    };
    let text = match fs::read_to_string(format!("/in/{name}")) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{name}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let lines = text.matches('\n').count();
    let words = text.split_whitespace().count();
    println!("{name}: {lines} lines, {words} words");
    let json = format!("{{\"name\":\"{name}\",\"lines\":{lines},\"words\":{words}}}\n");
    match fs::write("/out/counts.json", json) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("/out/counts.json: {error}");
            ExitCode::FAILURE
        }
    }
}
