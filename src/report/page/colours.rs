//! Whether everybody can read the page: contrasts of its text, and the colours of pods and revisions as colour-blind people see
//! them. Contrast is WCAG 2's <https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio>; the matrices are those of Machado, Oliveira
//! and Fernandes (2009) for full deficiencies; distances are those of CIELAB (1976).

use std::collections::BTreeMap;

const STYLE: &str = include_str!("style.css");
const DATA: &str = include_str!("data.js");

type Colour = [f64; 3];

/// Linear light of `#rrggbb`.
fn linear(hex: &str) -> Colour {
    let part = |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
    [1, 3, 5].map(part).map(|value| if value <= 0.03928 { value / 12.92 } else { libm::pow((value + 0.055) / 1.055, 2.4) })
}

fn luminance([r, g, b]: Colour) -> f64 {
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(linear(one)), luminance(linear(other)));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// What people see who see all colours, and those who lack the cones for red, green or blue.
const EYES: [(&str, [[f64; 3]; 3]); 4] = [
    ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    ("protanopia", [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    ("deuteranopia", [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    ("tritanopia", [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
];

/// CIELAB of a colour as the eye sees it.
fn seen(hex: &str, eye: &[[f64; 3]; 3]) -> [f64; 3] {
    let light = linear(hex);
    let [r, g, b] = eye.map(|row| (row[0] * light[0] + row[1] * light[1] + row[2] * light[2]).clamp(0.0, 1.0));
    let white = [(0.4124, 0.3576, 0.1805, 0.9505), (0.2126, 0.7152, 0.0722, 1.0), (0.0193, 0.1192, 0.9505, 1.089)];
    let bent = |value: f64| if value > 0.008856 { libm::cbrt(value) } else { 7.787 * value + 16.0 / 116.0 };
    let [x, y, z] = white.map(|(a, b_, c, of)| bent((a * r + b_ * g + c * b) / of));
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn distance(one: &str, other: &str, eye: &[[f64; 3]; 3]) -> f64 {
    let (one, other) = (seen(one, eye), seen(other, eye));
    libm::sqrt((0..3).map(|at| (one[at] - other[at]) * (one[at] - other[at])).sum())
}

/// The colours `--name: #rrggbb` of a block of the style.
fn variables(block: &str) -> BTreeMap<&str, &str> {
    let (_, rest) = STYLE.split_once(&format!("{block} {{")).unwrap();
    let body = rest.split_once('}').unwrap().0;
    body.split(';').filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #").map(|(name, _)| (name, line))).map(hex).collect()
}

fn hex<'a>((name, line): (&'a str, &'a str)) -> (&'a str, &'a str) {
    (name, &line[line.find('#').unwrap()..][..7])
}

#[test]
fn text_has_contrast_in_light_and_dark() {
    for theme in [":root", ":root[data-theme=\"dark\"]", ":root:not([data-theme=\"light\"])"] {
        let colours = variables(theme);
        for text in ["ink", "soft", "accent", "good", "bad", "fault"] {
            for ground in ["card", "paper", "mark"] {
                let ratio = contrast(colours[text], colours[ground]);
                assert!(ratio >= 4.5, "{theme}: {text} on {ground}: {ratio:.2}");
            }
        }
    }
}

#[test]
fn states_of_pods_and_revisions_differ_for_every_eye() {
    let rules = STYLE.split(".pod.").skip(1).map(|rest| rest.split('}').next().unwrap_or(rest));
    let states: Vec<&str> = rules.filter_map(|rule| Some(&rule.split_once("background: #")?.1[..6])).collect();
    assert!(states.len() >= 6, "{states:?}");
    let states: Vec<String> = states.iter().map(|state| format!("#{state}")).collect();
    for state in &states {
        assert!(contrast("#0b0f12", state) >= 4.5, "the sign on {state}");
    }
    let list = DATA.split_once("REVISIONS = [").unwrap().1.split_once(']').unwrap().0;
    let revisions: Vec<String> = list.split(", ").map(|word| word.trim_matches('"').to_string()).collect();
    assert_eq!(revisions.len(), 6);
    for (eye, matrix) in &EYES {
        for colours in [&states, &revisions] {
            for (place, one) in colours.iter().enumerate() {
                for other in &colours[place + 1..] {
                    let apart = distance(one, other, matrix);
                    // What one just notices is 2.3.
                    assert!(apart >= 15.0, "{eye}: {one} and {other} are {apart:.1} apart");
                }
            }
        }
    }
}
