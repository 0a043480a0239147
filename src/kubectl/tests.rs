//! Command lines: what is taken, and what is said of what is not.

use super::*;
use proptest::prelude::*;

fn fault(line: &str) -> KubectlError {
    parse(line).err().unwrap_or_else(|| panic!("{line} was taken"))
}

#[test]
fn lines_of_every_command_are_taken() {
    for line in [
        "apply -f app.yaml",
        "kubectl apply -f a.yaml,b.yaml -R -n prod",
        "create -f job.yaml",
        "create deployment web --image=nginx:1.27 --replicas=3 --port=80",
        "create configmap cities --from-literal=a=b --from-literal=c=d",
        "create secret generic key --from-literal=token=x",
        "create secret docker-registry pull --docker-server=registry.example --docker-username=robot --docker-password=x",
        "create namespace prod",
        "create service clusterip web --tcp=80:8080",
        "create job once --image=busybox -- echo hello",
        "create cronjob hourly --image=busybox --schedule='0 * * * *'",
        "create quota q --hard=pods=10,cpu=4",
        "create priorityclass high --value=1000",
        "create poddisruptionbudget web --selector=app=web --min-available=2",
        "create serviceaccount robot",
        "delete pod web-1 web-2 --grace-period=0 --force",
        "delete pods -l app=web --wait=false",
        "delete deploy,svc --all",
        "delete deployment/web service/web --cascade=orphan",
        "delete -f app.yaml --now",
        "delete all --all",
        "scale deployment/web --replicas=5",
        "scale --replicas=3 deploy web api --current-replicas=2",
        "scale rs -l app=web --replicas 0",
        "autoscale deployment web --min=2 --max=10 --cpu-percent=80",
        "autoscale deploy/web --max=10 --cpu=500m --memory=70%",
        "set image deployment/web api=registry.example/web:v2 sidecar=x:1",
        "set image deploy -l app=web *=x:2",
        "set resources deployment web -c api --limits=cpu=1,memory=512Mi --requests=cpu=500m",
        "set env deployment/web LEVEL=debug OLD-",
        r#"patch deployment web -p '{"spec":{"paused":true}}'"#,
        r#"patch svc/web --type=merge --patch "spec: {type: NodePort}""#,
        r#"patch pod x --type json -p='[{"op":"remove","path":"/metadata/labels/a"}]'"#,
        "label pods web-1 tier=front old-",
        "label nodes --all disk=ssd --overwrite",
        "annotate deployment/web kubernetes.io/change-cause='first try'",
        "taint nodes a-1 dedicated=ml:NoSchedule",
        "taint node -l zone=a key:NoExecute- --overwrite",
        "cordon a-1",
        "uncordon -l disk=ssd",
        "drain a-1 --ignore-daemonsets --delete-emptydir-data --grace-period=10 --timeout=5m --force",
        "rollout status deployment/web --timeout=2m",
        "rollout status deploy web -w=false",
        "rollout pause deployment/web",
        "rollout resume deployment web",
        "rollout undo deployment/web --to-revision=2",
        "rollout undo sts/db",
        "rollout restart deploy web api",
        "rollout history deployment/web --revision 3",
        "expose deployment web --port=80 --target-port=8080 --type=NodePort --name=front",
        "run probe --image=busybox --restart=Never --env=A=b -l app=probe -- wget -q http://web",
        "get pods -o name -l app=web",
        "get deployment/web",
        "-n prod get all",
    ] {
        parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    assert_eq!(parse("-n prod scale deploy web --replicas=2").unwrap().namespace.as_deref(), Some("prod"));
    assert_eq!(parse("apply -f a.yaml -f b.yaml").unwrap().filenames, ["a.yaml", "b.yaml"]);
}

#[test]
fn faults_are_kubectls() {
    let help = "See 'kubectl scale --help' for usage.";
    for (line, message) in [
        (
            "scal deployment/web --replicas=3",
            "error: unknown command \"scal\" for \"kubectl\"\n\nDid you mean this?\n\tscale\n".to_string(),
        ),
        ("scale deployment/web --replcas=3", format!("error: unknown flag: --replcas\n{help}")),
        ("scale deployment/web", "error: required flag(s) \"replicas\" not set".into()),
        (
            "scale deployment web --replicas=x",
            format!("error: invalid argument \"x\" for \"--replicas\" flag: strconv.ParseInt: parsing \"x\": invalid syntax\n{help}"),
        ),
        (
            "scale deployment web --replicas=-1",
            "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0".into(),
        ),
        (
            "rollout undoo deployment/web",
            "error: unknown command \"undoo deployment/web\"\nSee 'kubectl rollout -h' for help and examples".into(),
        ),
        ("rollout undo", "error: required resource not specified".into()),
        ("set image deployment/web", "error: at least one image update is required".into()),
        ("delete pod", "error: resource(s) were provided, but no name was specified".into()),
        ("delete deploymnt web", "error: the server doesn't have a resource type \"deploymnt\"".into()),
        (
            "taint nodes a k=v:Never",
            "error: invalid taint effect: Never, unsupported taint effect\nSee 'kubectl taint -h' for help and examples".into(),
        ),
        ("apply", "error: must specify one of -f and -k".into()),
        ("drain", "error: USAGE: drain NODE [flags]\nSee 'kubectl drain -h' for help and examples".into()),
        ("run x", "error: --image is required\nSee 'kubectl run -h' for help and examples".into()),
        (
            "autoscale deployment web --max=2 --min=3",
            "error: --max=MAXPODS must be larger or equal to --min=MINPODS, max: 2, min: 3".into(),
        ),
        ("rollout pause statefulset/db", "error: statefulsets.apps \"db\" pausing is not supported".into()),
        ("rollout status pod/x", "error: no status viewer has been implemented for Pod".into()),
    ] {
        assert_eq!(fault(line).message, message, "{line}");
    }
    assert_eq!(fault("rollout undoo deployment/web").hint(), "did you mean \"undo\"?");
    assert_eq!(fault("scal x").hint(), "did you mean \"scale\"?");
    let error = fault("scale deployment/web --replcas=3");
    assert_eq!((error.at, error.width, error.summary()), (21, 9, "unknown flag: --replcas".to_string()));
}

#[test]
fn what_is_not_simulated_is_refused() {
    for line in
        ["logs web-1", "exec web-1 -- sh", "apply -f x --server-side", "scale deploy/web --replicas=1 --dry-run=client", "get pods -w", ""]
    {
        fault(line);
    }
}

/// Words of which lines are made, so that random ones come far into the parser.
const WORDS: &[&str] = &[
    "kubectl",
    "scale",
    "delete",
    "set",
    "image",
    "env",
    "rollout",
    "undo",
    "status",
    "taint",
    "label",
    "drain",
    "create",
    "deployment",
    "secret",
    "generic",
    "deploy/web",
    "pods",
    "web",
    "a=b",
    "a-",
    "k=v:NoSchedule",
    "-l",
    "app=web",
    "--replicas=3",
    "--replicas",
    "-f",
    "x.yaml",
    "--",
    "-n",
    "--image=x",
    "=",
    "-",
    "/",
    "a/b/c",
    ",",
    "'",
    "\"",
    "\\",
    "--all",
    "-p",
    "{",
    "[]",
    "--type=json",
    "--max=3",
    "expose",
    "run",
    "patch",
    "é",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_line_makes_the_parser_panic(words in prop::collection::vec(0..WORDS.len(), 0..9), text in "\\PC{0,30}") {
        let line: Vec<&str> = words.iter().map(|word| WORDS[*word]).collect();
        let _ = parse(&line.join(" "));
        let _ = parse(&format!("{} {text}", line.join(" ")));
        let _ = parse(&text);
    }
}

#[test]
fn only_what_has_a_scale_is_autoscaled() {
    let summary = fault("autoscale ds agent --max=3").summary();
    let why = "could not find scale subresource for apps/v1, Resource=daemonsets in discovery information";
    assert_eq!(summary, format!("cannot autoscale a DaemonSet: {why}"));
    assert!(fault("autoscale pod x --max=3").summary().contains("for /v1, Resource=pods in"));
}
