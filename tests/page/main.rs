//! The report page in a real browser: it steps both ways, scrubs, asks to predict, and shows at each instant what
//! `kubesim get` shows. It asks the network for nothing and complains of nothing. Skipped where there is no Chromium.

mod browser;

use browser::Browser;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs the program; its standard output.
fn kubesim(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_kubesim")).args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.code() != Some(2), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A folder of its own for a test.
fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if dir.exists() {
        std::fs::remove_dir_all(&dir).unwrap();
    }
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

/// A browser, or none with a line that says so.
fn start(dir: &Path) -> Option<Browser> {
    let program = browser::find();
    if program.is_none() {
        eprintln!("SKIPPED: no Chromium in PATH (Debian: apt-get install chromium)");
    }
    Some(Browser::start(&program?, dir))
}

/// Runs a scenario and opens its page.
fn page(name: &str, scenario: &str) -> Option<(Browser, String)> {
    let dir = folder(name);
    let mut browser = start(&dir)?;
    let report = dir.join("report");
    kubesim(&["run", scenario, "--out", report.to_str().unwrap(), "--quiet"]);
    let url = format!("file://{}", report.join("report.html").display());
    browser.open(&url);
    Some((browser, url))
}

/// Nothing was asked for but the page, and nothing was complained of.
fn is_quiet(browser: &Browser) {
    let foreign: Vec<_> = browser.requests().into_iter().filter(|url| !url.starts_with("file:///") && url != "about:blank").collect();
    let files = browser.requests().iter().filter(|url| url.starts_with("file:///") && !url.contains("report.html")).count();
    assert_eq!((foreign, files), (Vec::<String>::new(), 0));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// Rows of `kubesim get pods -o wide`: name, ready, status, restarts, node.
fn rows(scenario: &str, at_ms: u64) -> Vec<[String; 5]> {
    let text = kubesim(&["get", "pods", scenario, "--at", &format!("{at_ms}ms"), "-o", "wide"]);
    let rows = text.lines().skip(1).map(|line| {
        // `1 (5s ago)` is one cell.
        let line = line.split_once(" (").map_or(line.to_string(), |(before, rest)| format!("{before} {}", rest.split_once(')').unwrap().1));
        let cells: Vec<String> = line.split_whitespace().map(str::to_string).collect();
        let node = if cells[6] == "<none>" { String::new() } else { cells[6].clone() };
        [cells[0].clone(), cells[1].clone(), cells[2].clone(), cells[3].clone(), node]
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows
}

/// The same from the page: state from its data, place from the node's box that holds the pod.
const SHOWN: &str = "kubesim.pods().map((pod) => {
    const chip = document.querySelector(`[data-pod='${pod.name}']`), node = chip.closest('[data-node]');
    return [pod.name, pod.ready, pod.status, String(pod.restarts), node ? node.dataset.node : ''];
}).sort((a, b) => a[0] < b[0] ? -1 : 1)";

#[test]
fn the_page_shows_what_get_shows() {
    for (name, scenario, instants) in [
        ("page-rollout", "scenarios/weather/rollout.yaml", vec![500, 8_300, 17_000, 180_100, 195_900, 196_300, 212_000, 600_000]),
        ("page-crash", "scenarios/weather/node-crash.yaml", vec![185_000, 300_000, 560_000, 1_200_000]),
        ("page-broken", "scenarios/weather/broken-v2-rollback.yaml", vec![330_000, 420_000, 700_000]),
    ] {
        let Some((mut browser, _)) = page(name, scenario) else { return };
        for at_ms in instants {
            browser.eval(&format!("kubesim.go({at_ms})"));
            assert_eq!(browser.eval(SHOWN), json!(rows(scenario, at_ms)), "{scenario} at {at_ms} ms");
        }
        is_quiet(&browser);
    }
}

#[test]
fn objects_are_shown_as_get_prints_them() {
    let scenario = "scenarios/weather/rollout.yaml";
    let Some((mut browser, url)) = page("page-objects", scenario) else { return };
    let pod = browser.eval("kubesim.go(200000), kubesim.pods()[0].name").as_str().unwrap().to_string();
    for (kind, name) in [("Pod", pod.as_str()), ("Deployment", "weather-api"), ("Service", "weather-api"), ("Secret", "weather-key")] {
        browser.open(&format!("{url}#t=200000&object={kind}/default/{name}"));
        let shown = browser.eval("[...document.querySelectorAll('#yaml > *')].map((line) => line.textContent).join('\\n') + '\\n'");
        let printed = kubesim(&["get", &format!("{}/{name}", kind.to_lowercase()), scenario, "--at", "200s", "-o", "yaml"]);
        assert_eq!(shown.as_str().unwrap(), printed, "{kind}/{name}");
    }
    is_quiet(&browser);
}

#[test]
fn one_steps_and_scrubs_both_ways_by_keys_and_by_hand() {
    let Some((mut browser, _)) = page("page-steps", "scenarios/weather/rollout.yaml") else { return };
    let mut seen: Vec<Value> = vec![browser.eval("kubesim.now.step")];
    for _ in 0..40 {
        browser.press("ArrowRight");
        seen.push(browser.eval("kubesim.now.step"));
        let shown =
            browser.eval("document.querySelector('#clock').textContent !== '' && document.querySelector('#now-text').textContent !== ''");
        assert_eq!(shown, true);
    }
    assert!(seen.windows(2).all(|pair| pair[0].as_i64() < pair[1].as_i64()), "{seen:?}");
    let there = browser.eval("document.querySelector('#cluster').innerHTML");
    browser.press("ArrowRight");
    browser.press("ArrowLeft");
    assert_eq!(browser.eval("document.querySelector('#cluster').innerHTML"), there, "a step back leads to the same picture");
    browser.eval("document.querySelector('#back').click()");
    assert_eq!(browser.eval("kubesim.now.step"), seen[39]);
    browser.eval("document.querySelector('#filter').value = 'scale', document.querySelector('#filter').dispatchEvent(new Event('change'))");
    browser.press("ArrowRight");
    assert_eq!(browser.eval("kubesim.steps[kubesim.now.step].sort"), "scale");
    browser
        .eval("document.querySelector('#scrubber').value = 196000, document.querySelector('#scrubber').dispatchEvent(new Event('input'))");
    browser.until("kubesim.now.t === 196000");
    assert_eq!(browser.eval("document.querySelector('#clock').textContent"), "3m16.0s");
    browser.press("End");
    assert_eq!(browser.eval("kubesim.now.t"), 600_000);
    browser.press("Home");
    assert_eq!(browser.eval("kubesim.now.t"), 0);
    is_quiet(&browser);
}

/// What stands in the page, and what is chosen in it.
const LOOKS: &str = "[document.querySelector('#player').innerText, document.querySelector('#panels').innerText,
    ...[...document.querySelectorAll('select')].map((select) => select.value),
    ...[...document.querySelectorAll('input')].map((input) => input.type === 'checkbox' ? input.checked : input.value),
    document.documentElement.dataset.theme]";

#[test]
fn a_link_holds_the_whole_state() {
    let Some((mut browser, url)) = page("page-link", "scenarios/traffic/rollout-naive.yaml") else { return };
    // One that is not the last one of its millisecond.
    browser.eval("kubesim.toStep(kubesim.steps.find((step) => step.index > 40 && kubesim.steps[step.index + 1].t === step.t).index)");
    for (place, value) in [("filter", "'kill'"), ("speed", "'10'"), ("chart-span", "'60'"), ("kind", "'Pod'")] {
        browser.eval(&format!(
            "document.querySelector('#{place}').value = {value}, document.querySelector('#{place}').dispatchEvent(new Event('change'))"
        ));
    }
    browser.eval("document.querySelector('#warnings').click(), document.querySelector('[data-guess]').click()");
    browser.press("t");
    browser.until("location.hash === kubesim.address()");
    let (hash, there) = (browser.eval("location.hash"), browser.eval(LOOKS));
    for word in ["step=", "by=kill", "speed=10", "window=60", "object=Pod/default/shop-", "warnings=1", "guessed=", "theme="] {
        assert!(hash.as_str().unwrap().contains(word), "{word} in {hash}");
    }
    // A browser that has never seen the page.
    let other = folder("page-link-other");
    let mut other = start(&other).unwrap();
    other.open(&format!("{url}{}", hash.as_str().unwrap()));
    assert_eq!(other.eval(LOOKS), there);
    // The first step that is looked at again, and the last instant.
    for go in ["kubesim.go(0)", "kubesim.go(360000)", "kubesim.toStep(0)"] {
        browser.eval(go);
        browser.until("location.hash === kubesim.address()");
        other.open(&format!("{url}{}", browser.eval("location.hash").as_str().unwrap()));
        assert_eq!(other.eval(LOOKS), browser.eval(LOOKS), "{go}");
    }
    is_quiet(&browser);
}

#[test]
fn an_address_that_says_nonsense_shows_the_start() {
    let Some((mut browser, url)) = page("page-nonsense", "scenarios/traffic/rollout-naive.yaml") else { return };
    for hash in ["t=x&step=99999&by=none&speed=-1&object=Pod&rollout=7&load=-2&window=1e9&guessed=x:y,3&theme=pink", "%", "t=-5", "t=1e15"]
    {
        browser.open(&format!("{url}#{hash}"));
        let t = browser.eval("kubesim.now.t").as_u64().unwrap();
        assert!(t == 0 || t == 360_000, "{hash}: {t}");
        assert_eq!(browser.eval("document.querySelector('#cluster-sum').textContent !== ''"), true);
        browser.press("ArrowRight");
    }
    is_quiet(&browser);
}

#[test]
fn traffic_is_drawn_beside_the_rollout() {
    let Some((mut browser, url)) = page("page-traffic", "scenarios/traffic/rollout-naive.yaml") else { return };
    browser.open(&format!("{url}#t=126000"));
    let report = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page-traffic/report/summary.json");
    let summary: Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    let shown = browser.eval("document.querySelector('#traffic-sum').textContent");
    assert_eq!(shown, "120000 requests to service shop in all, 1838 failed (1.53 %): connection refused 1838.", "{}", summary["traffic"]);
    let sums = browser.eval(
        "kubesim.data.traffic[0].points.reduce(([ok, failed], point) => [ok + point[2], failed + point[3].reduce((a, b) => a + b, 0)], [0, 0])",
    );
    assert_eq!(sums, json!([120_000 - 1838, 1838]));
    let words = browser.eval("document.querySelector('#traffic-text').textContent");
    for word in
        ["At 2m06.0s: ", " requests a second answered; ", " a second failed: connection refused; ", " endpoints ready; 6 replicas wanted"]
    {
        assert!(words.as_str().unwrap().contains(word), "{word} in {words}");
    }
    // The legends tell the same instant, also after a change of it.
    let legend = "[...document.querySelectorAll('#traffic-requests .u-value')].map((cell) => cell.textContent)";
    let point = "(() => { const [t, , ok, [failed]] = kubesim.data.traffic[0].points.find((point) => point[0] === kubesim.now.t);
        return ['2m' + String(t / 1000 - 120).padStart(2, '0') + '.0s', failed + '/s', ok + '/s']; })()";
    browser.until(&format!("{legend}.length === 3 && {legend}[1] !== '--'"));
    for t in [126_000, 130_000] {
        browser.eval(&format!("kubesim.go({t})"));
        assert_eq!(browser.eval(legend), browser.eval(point));
    }
    assert_eq!(browser.eval("document.querySelectorAll('#h-traffic ~ * canvas').length"), 3);
    // A click in the chart leads to the instant under it.
    let middle = browser.eval(
        "const over = document.querySelector('#traffic-durations .u-over');
        over.scrollIntoView({ block: 'center' });
        const box = over.getBoundingClientRect();
        [box.left + box.width / 2, box.top + box.height / 2]",
    );
    for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
        let event = json!({"type": kind, "x": middle[0], "y": middle[1], "button": "left", "clickCount": 1});
        browser.call("Input.dispatchMouseEvent", event);
    }
    browser.until("Math.abs(kubesim.now.t - 180000) < 2000");
    is_quiet(&browser);
}

#[test]
fn the_object_follows_the_steps_until_one_is_chosen() {
    let Some((mut browser, _)) = page("page-follow", "scenarios/lessons/08-failure.yaml") else { return };
    let shown = "[document.querySelector('#kind').value, document.querySelector('#object').selectedOptions[0].textContent.split(' ')[0]]";
    let of_step = "(() => { const object = kubesim.data.replay.objects[kubesim.steps[kubesim.now.step].object]; return [object.kind, object.name]; })()";
    for index in [12, 30, 55] {
        browser.eval(&format!("kubesim.toStep(kubesim.steps.find((step) => step.index >= {index} && step.object !== null).index)"));
        let (shown, of_step) = (browser.eval(shown), browser.eval(of_step));
        assert!(of_step[1].as_str().unwrap().ends_with(shown[1].as_str().unwrap().rsplit('/').next().unwrap()), "{shown} {of_step}");
        assert_eq!(shown[0], of_step[0]);
    }
    browser.eval("document.querySelector('[data-node] button').click()");
    let chosen = browser.eval(shown);
    browser.press("ArrowRight");
    browser.press("ArrowRight");
    assert_eq!(browser.eval(shown), chosen);
    browser.eval("document.querySelector('#follow').click()");
    assert_ne!(browser.eval(shown), chosen);
    is_quiet(&browser);
}

#[test]
fn playing_goes_on_by_itself_and_pauses() {
    let Some((mut browser, _)) = page("page-play", "scenarios/weather/rollout.yaml") else { return };
    browser.press(" ");
    browser.until("kubesim.now.step >= 1");
    browser.press(" ");
    assert_eq!(browser.eval("document.querySelector('#play').textContent"), "Play");
    is_quiet(&browser);
}

#[test]
fn the_node_is_told_after_a_guess() {
    let scenario = "scenarios/weather/rollout.yaml";
    let Some((mut browser, _)) = page("page-predict", scenario) else { return };
    browser.eval("kubesim.toStep(kubesim.steps.filter((step) => step.sort === 'schedule')[7].index)");
    let attempt = browser.eval("kubesim.data.replay.attempts[kubesim.attempt()]");
    let (pod, node) = (attempt["pod"].as_str().unwrap(), attempt["node"].as_str().unwrap());
    let totals = "[...document.querySelectorAll('#decision tbody tr')].map((row) => row.lastElementChild.textContent)";
    assert_eq!(browser.eval(totals), json!(["?", "?", "?", "?"]));
    let told = browser.eval("document.querySelector('#now-text').textContent + document.querySelector('#verdict').textContent");
    assert!(!told.as_str().unwrap().contains(node), "{told}");
    let wrong = attempt["feasible"].as_array().unwrap().iter().map(|row| row[0].as_str().unwrap()).find(|name| *name != node).unwrap();
    browser.eval(&format!("document.querySelector('[data-guess=\"{wrong}\"]').click()"));
    let verdict = browser.eval("document.querySelector('#verdict').textContent");
    assert!(verdict.as_str().unwrap().starts_with(&format!("No: the scheduler takes {node}.")), "{verdict}");
    assert_eq!(browser.eval("document.querySelector('#decision tr.winner th').textContent"), node);
    // The scores are those that `explain` prints.
    let explained: Value =
        serde_json::from_str(kubesim(&["explain", pod.split_once('/').unwrap().1, scenario, "-o", "json"]).trim()).unwrap();
    assert_eq!(explained["node"], node);
    for row in attempt["feasible"].as_array().unwrap() {
        let score = &explained["scores"]["nodes"][row[0].as_str().unwrap()];
        assert_eq!((&row[1], &row[2], &row[3]), (&score["total"], &score["raw"], &score["norm"]), "{row}");
    }
    is_quiet(&browser);
}

#[test]
fn a_screen_reader_and_a_phone_can_use_it() {
    let Some((mut browser, url)) = page("page-access", "scenarios/weather/node-crash.yaml") else { return };
    browser.open(&format!("{url}#t=240000"));
    let tree = browser.call("Accessibility.getFullAXTree", json!({}));
    let nodes = tree["nodes"].as_array().unwrap();
    let role = |node: &Value| node["role"]["value"].as_str().unwrap_or("").to_string();
    for wanted in ["banner", "main", "region", "contentinfo", "slider", "table", "heading"] {
        assert!(nodes.iter().any(|node| role(node) == wanted), "no {wanted}");
    }
    let unnamed: Vec<_> = nodes
        .iter()
        .filter(|node| ["button", "slider", "combobox", "checkbox", "region", "image", "link"].contains(&role(node).as_str()))
        .filter(|node| node["ignored"] != true && node["name"]["value"].as_str().unwrap_or("").is_empty())
        .collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
    assert_eq!(browser.eval("document.querySelectorAll('[aria-live=polite], [role=status]').length >= 2"), true);
    browser.call("Emulation.setDeviceMetricsOverride", json!({"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true}));
    browser.open(&url);
    let width = browser.eval("document.scrollingElement.scrollWidth");
    assert!(width.as_u64().unwrap() <= 390, "the page is {width} wide on a phone");
    is_quiet(&browser);
}

#[test]
fn events_are_those_that_get_shows() {
    let scenario = "scenarios/weather/node-crash.yaml";
    let Some((mut browser, _)) = page("page-events", scenario) else { return };
    for at_ms in [9_000, 240_000] {
        browser.eval(&format!("kubesim.go({at_ms})"));
        let cells = "[...document.querySelectorAll('#events tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent.replace(/ [(]x.*/, '')))";
        let mut shown: Vec<Vec<String>> = serde_json::from_value(browser.eval(cells)).unwrap();
        let text = kubesim(&["get", "events", scenario, "--at", &format!("{at_ms}ms")]);
        let columns: Vec<usize> = ["TYPE", "REASON", "OBJECT", "MESSAGE"].iter().map(|title| text.find(title).unwrap()).collect();
        let row = |line: &str| {
            let ends = columns.iter().map(Some).chain([None]);
            let starts = [0].into_iter().chain(columns.iter().copied());
            let cell = |(from, to): (usize, Option<&usize>)| line[from..to.copied().unwrap_or(line.len())].trim().to_string();
            starts.zip(ends).map(cell).collect::<Vec<_>>()
        };
        let mut printed: Vec<Vec<String>> = text.lines().skip(1).map(row).collect();
        shown.sort();
        printed.sort();
        assert_eq!(shown, printed, "at {at_ms} ms");
    }
    is_quiet(&browser);
}

#[test]
fn messages_travel_unless_one_wants_rest() {
    let Some((mut browser, url)) = page("page-ring", "scenarios/lessons/03-controller-loop.yaml") else { return };
    let first = "kubesim.steps.find((step) => step.sort === 'scale' && step.t > 120000 && step.version > 0).index";
    browser.eval(&format!("kubesim.toStep({first})"));
    let told = browser.eval("[...document.querySelectorAll('#messages li')].map((line) => line.textContent)");
    let told: Vec<String> = serde_json::from_value(told).unwrap();
    assert!(told[0].starts_with("deployment → API server: "), "{told:?}");
    assert!(told[1].starts_with("API server → etcd: resourceVersion "), "{told:?}");
    assert!(told.len() > 2 && told[2..].iter().all(|line| line.starts_with("watch → ")), "{told:?}");
    let moving = "document.querySelectorAll('#ring .dot').length";
    assert!(browser.eval(moving).as_u64().unwrap() >= 3);
    assert_eq!(browser.eval("document.querySelector('#ring svg').getAnimations({ subtree: true }).length > 0"), true);
    browser.call("Emulation.setEmulatedMedia", json!({"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}));
    browser.open(&format!("{url}#t=0"));
    browser.eval(&format!("kubesim.toStep({first})"));
    assert_eq!(browser.eval(&format!("[{moving}, document.querySelectorAll('#ring .path').length > 2]")), json!([0, true]));
    is_quiet(&browser);
}

#[test]
fn the_keyboard_reaches_everything_and_is_never_trapped() {
    let Some((mut browser, _)) = page("page-keys", "scenarios/lessons/04-scheduler.yaml") else { return };
    let here = "(() => {
        const element = document.activeElement, box = element.getBoundingClientRect(), style = getComputedStyle(element);
        return [element.id || element.className || element.textContent.slice(0, 20), box.width > 0 && box.height > 0 && style.outlineStyle !== 'none'];
    })()";
    let mut reached: Vec<String> = Vec::new();
    for _ in 0..200 {
        for kind in ["rawKeyDown", "keyUp"] {
            browser.call("Input.dispatchKeyEvent", json!({"type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}));
        }
        let found = browser.eval(here);
        let name = found[0].as_str().unwrap().to_string();
        assert_eq!(found[1], true, "the focus is not seen on {name}, after {reached:?}");
        let is_last = name == "download";
        reached.push(name);
        if is_last {
            break;
        }
    }
    let wanted = [
        "skip",
        "theme",
        "help-open",
        "next",
        "play",
        "filter",
        "speed",
        "scrubber",
        "kind",
        "object",
        "follow",
        "yaml",
        "warnings",
        "about",
        "events",
        "download",
    ];
    for name in wanted {
        assert!(reached.iter().any(|known| known == name), "{name} is not reached: {reached:?}");
    }
    // The help names the keys, and Escape closes it.
    browser.press("?");
    let help = browser.eval("document.querySelector('#help').open && document.querySelector('#help').innerText");
    for key in ["→", "Shift", "Space", "Home", "End", "f", "t"] {
        assert!(help.as_str().unwrap().contains(key), "{key}");
    }
    is_quiet(&browser);
}

#[test]
fn every_step_of_every_lesson_is_shown() {
    let dir = folder("page-lessons");
    let Some(mut browser) = start(&dir) else { return };
    let mut lessons = Vec::new();
    scenarios(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lessons"), &mut lessons);
    assert_eq!(lessons.len(), 10);
    for lesson in lessons {
        let (scenario, out) = (lesson.to_str().unwrap(), dir.join(lesson.file_stem().unwrap()));
        kubesim(&["run", scenario, "--out", out.to_str().unwrap(), "--quiet"]);
        browser.open(&format!("file://{}", out.join("report.html").display()));
        let steps = browser.eval("for (const step of kubesim.steps) kubesim.toStep(step.index); kubesim.steps.length");
        assert!(steps.as_u64().unwrap() > 20, "{scenario}: {steps} steps");
        let end = browser.eval("kubesim.data.endMs").as_u64().unwrap();
        for at_ms in [end / 3, end] {
            browser.eval(&format!("kubesim.go({at_ms})"));
            assert_eq!(browser.eval(SHOWN), json!(rows(scenario, at_ms)), "{scenario} at {at_ms} ms");
        }
        assert_eq!(browser.complaints(), Vec::<String>::new(), "{scenario}");
    }
}

/// Pages of the shipped scenarios are below this size.
const BYTES_MAX: u64 = 5_000_000;

/// All scenarios below a folder.
fn scenarios(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scenarios(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "yaml") && std::fs::read_to_string(&path).unwrap().contains("\nkind: Scenario")
        {
            found.push(path);
        }
    }
}

#[test]
fn pages_of_all_shipped_scenarios_are_small() {
    let dir = folder("page-sizes");
    let mut all = Vec::new();
    scenarios(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"), &mut all);
    all.sort();
    assert!(all.len() > 30, "{}", all.len());
    std::thread::scope(|scope| {
        for part in all.chunks(all.len().div_ceil(4)) {
            let dir = &dir;
            scope.spawn(move || {
                for path in part {
                    let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap().replace('/', "-");
                    let out = dir.join(name);
                    kubesim(&["run", path.to_str().unwrap(), "--out", out.to_str().unwrap(), "--quiet"]);
                    let bytes = std::fs::metadata(out.join("report.html")).unwrap().len();
                    assert!(bytes < BYTES_MAX, "{}: the page has {bytes} bytes", path.display());
                    std::fs::remove_dir_all(out).unwrap();
                }
            });
        }
    });
}

#[test]
fn a_big_run_is_shown_by_cells() {
    let dir = folder("page-big-input");
    let file = dir.join("big.yaml");
    std::fs::write(&file, BIG).unwrap();
    let Some((mut browser, _)) = page("page-big", file.to_str().unwrap()) else { return };
    browser.press("End");
    let sum = browser.eval("document.querySelector('#cluster-sum').textContent");
    assert!(sum.as_str().unwrap().starts_with("240 nodes, 0 of them not ready; 300 pods on nodes"), "{sum}");
    assert_eq!(browser.eval("document.querySelector('#cells').width > 100"), true);
    is_quiet(&browser);
}

/// More nodes than are shown one by one.
const BIG: &str = "apiVersion: kubesim/v1alpha1
kind: Scenario
name: big
question: Does a page of many nodes open?
duration: 2m
cluster:
  nodes:
    - {count: 240, name: 'n-#', cpu: 4, memory: 16Gi}
timeline:
  - {at: 1s, kubectl: create deployment web --image=web --replicas=300}
";
