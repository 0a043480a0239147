//! A headless Chromium, spoken to by the DevTools protocol over two pipes: nothing beside a shell and the browser is needed.
//! <https://chromedevtools.github.io/devtools-protocol/>

use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Where browsers are found.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FLAGS: &str = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --disable-default-apps --disable-extensions --hide-scrollbars --remote-debugging-pipe";
/// Questions asked until a page has what is waited for.
const ASKED_MAX: usize = 3_000;

/// A browser with one page.
pub struct Browser {
    child: Child,
    to: File,
    from: BufReader<File>,
    session: Option<String>,
    number: u64,
    /// Everything that happened: notifications of the protocol.
    pub heard: Vec<Value>,
}

/// The path of a browser, if there is one.
pub fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    NAMES.iter().flat_map(|name| places.iter().map(move |place| place.join(name))).find(|file| file.is_file())
}

impl Browser {
    /// Starts the browser; `dir` holds its profile and its pipes.
    pub fn start(program: &Path, dir: &Path) -> Browser {
        let (requests, answers, profile) = (dir.join("requests"), dir.join("answers"), dir.join("profile"));
        for pipe in [&requests, &answers] {
            assert!(Command::new("mkfifo").arg(pipe).status().expect("mkfifo is there").success());
        }
        let line = format!("exec \"$1\" {FLAGS} --user-data-dir=\"$2\" about:blank 3<\"$3\" 4>\"$4\"");
        let mut command = Command::new("sh");
        command.args(["-c", &line, "sh"]).arg(program).arg(profile).arg(&requests).arg(&answers);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the browser starts");
        // In the order in which the shell opens them.
        let to = OpenOptions::new().write(true).open(&requests).unwrap();
        let from = BufReader::new(File::open(&answers).unwrap());
        let mut browser = Browser { child, to, from, session: None, number: 0, heard: Vec::new() };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let attached = browser.call("Target.attachToTarget", json!({"targetId": target["targetId"], "flatten": true}));
        browser.session = attached["sessionId"].as_str().map(str::to_string);
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Calls a method of the protocol.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.number += 1;
        let mut request = json!({"id": self.number, "method": method, "params": params});
        if let Some(session) = &self.session {
            request["sessionId"] = session.as_str().into();
        }
        self.to.write_all(format!("{request}\0").as_bytes()).expect("the browser listens");
        loop {
            let mut bytes = Vec::new();
            self.from.read_until(0, &mut bytes).expect("the browser answers");
            assert_eq!(bytes.pop(), Some(0), "the browser has gone");
            let message: Value = serde_json::from_slice(&bytes).unwrap();
            if message["id"] == self.number {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.heard.push(message);
        }
    }

    /// Evaluates an expression in the page.
    pub fn eval(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.call("Runtime.evaluate", asked);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// Opens a page and waits until it answers questions.
    pub fn open(&mut self, url: &str) {
        self.call("Page.navigate", json!({"url": "about:blank"}));
        self.call("Page.navigate", json!({"url": url}));
        self.until("Boolean(window.kubesim) && document.readyState === 'complete'");
    }

    /// Waits until an expression is true.
    pub fn until(&mut self, expression: &str) {
        let wait = format!("new Promise((done) => setTimeout(() => done({expression}), 5))");
        assert!((0..ASKED_MAX).any(|_| self.eval(&wait) == true), "never came true: {expression}");
    }

    /// Presses a key.
    pub fn press(&mut self, key: &str) {
        for kind in ["rawKeyDown", "keyUp"] {
            self.call("Input.dispatchKeyEvent", json!({"type": kind, "key": key, "code": key}));
        }
    }

    /// What went wrong in the page: errors, warnings, exceptions.
    pub fn complaints(&self) -> Vec<String> {
        let bad = |message: &&Value| match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Runtime.consoleAPICalled") => ["error", "warning", "assert"].contains(&message["params"]["type"].as_str().unwrap_or("")),
            Some("Log.entryAdded") => ["error", "warning"].contains(&message["params"]["entry"]["level"].as_str().unwrap_or("")),
            _ => false,
        };
        self.heard.iter().filter(bad).map(|message| message["params"].to_string()).collect()
    }

    /// Addresses that were asked for.
    pub fn requests(&self) -> Vec<String> {
        let sent = self.heard.iter().filter(|message| message["method"] == "Network.requestWillBeSent");
        sent.map(|message| message["params"]["request"]["url"].as_str().unwrap_or("").to_string()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The test is over either way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
