//! Figures of every kind, as SVG and as text, are what they were when they were last looked at.

use crate::{cistron, root, said};

#[test]
fn every_kind_of_figure_is_what_it_was() {
    let place = tempfile::tempdir().expect("a folder");
    let script = root()
        .join("tests/golden/figures.rhai")
        .display()
        .to_string();
    let (out, err, code) = said(&cistron(
        place.path(),
        &[
            "run",
            "--no-run-dir",
            "--threads",
            "1",
            "--set",
            "png=true",
            &script,
        ],
    ));
    assert_eq!(code, 0, "{err}");
    std::fs::write(place.path().join("terminal.txt"), out).expect("written");
    let golden = root().join("tests/golden");
    let mut compared = 0;
    for entry in std::fs::read_dir(place.path()).expect("figures").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let own = std::fs::read(entry.path()).expect("a file");
        if name.ends_with(".png") {
            assert!(
                own.starts_with(&[0x89, b'P', b'N', b'G']) && own.len() > 2000,
                "{name} is no picture"
            );
            continue;
        }
        // CISTRON_GOLDEN=write keeps what is drawn now: look at it first
        if std::env::var_os("CISTRON_GOLDEN").is_some() {
            std::fs::write(golden.join(&name), &own).expect("written");
        }
        let kept = std::fs::read(golden.join(&name)).unwrap_or_default();
        assert!(
            kept == own,
            "{name} is drawn differently; CISTRON_GOLDEN=write keeps the new one"
        );
        compared += 1;
    }
    assert_eq!(compared, 31);
}

/// What a module's function does between its layers is not drawn as if they followed each other.
#[test]
fn layers_of_a_module_have_arrows_where_they_follow_each_other() {
    let place = tempfile::tempdir().expect("a folder");
    let script = r#"
        let conv = |width| nn::conv1d(8, width, #{ padding: "same" });
        let draw = |name, layers, forward| {
            let two = nn::module("two", #{ layers: layers, forward: forward });
            plot::model(nn::build(nn::chain([conv.call(3), two, nn::relu()]), [8, 50], #{ seed: 1 })).save(`${name}.svg`);
        };
        draw.call("direct", #{ a: conv.call(3), b: conv.call(5) }, |m, x| m.b(m.a(x)));
        draw.call("between", #{ a: conv.call(3), b: conv.call(5) }, |m, x| m.b(m.a(x).relu()));
        draw.call("beside", #{ a: conv.call(3), b: conv.call(5) }, |m, x| m.a(x) + m.b(x));
        draw.call("parallel", #{ a: conv.call(3), b: nn::parallel([conv.call(3), conv.call(5)]) }, |m, x| m.b(m.a(x)));
    "#;
    std::fs::write(place.path().join("s.rhai"), script).expect("written");
    let (_, error, code) = said(&cistron(place.path(), &["run", "--no-run-dir", "s.rhai"]));
    assert_eq!(code, 0, "{error}");
    let drawn = |name: &str| {
        let path = place.path().join(format!("{name}.svg"));
        let svg = std::fs::read_to_string(path).expect("a figure");
        (
            svg.matches("<polygon").count(),
            svg.contains("joined by the function"),
        )
    };
    // input, conv, two(), a, b, relu
    assert_eq!(drawn("direct"), (5, false));
    assert_eq!(drawn("between"), (4, true));
    // neither from a to b, nor from b to what follows
    assert_eq!(drawn("beside"), (3, true));
    // input, conv, two(), a, b.0 and below b.1, concat, relu; into and out of the second part
    assert_eq!(drawn("parallel"), (7 + 1, false));
}
