"""What is measured. Each function gives rows of the table; peers do the same work on the same API server."""
import os
import shutil
import subprocess
import sys
import threading

import cluster as clusters
from badimage import bad_image
from loop import memory, thousand, webhook
from measure import Failed, Figure, Row, Run, progress, quiet, repeat
from setting import DEPLOYER, REGISTRY, Helm, descriptor, image
from setversions import set_versions
from soak import soak


# ---- apply -----------------------------------------------------------------------------------------------------------
def curl_patches(setting, namespace, token, names, number):
    """One curl that sends every patch in parallel over HTTP/2, as many at once as descry does."""
    directory = setting.temporary()
    with open(token) as file:
        secret = file.read()
    with open(os.open(directory + '/config', os.O_CREAT | os.O_WRONLY, 0o600), 'w') as file:
        for i, name in enumerate(names):
            body = '{"spec":{"template":{"spec":{"containers":[{"name":"%s","image":"%s"}]}}}}' % (name, image(name, number))
            file.write(('next\n' if i else '') + 'url = "%s%s/%s"\nrequest = PATCH\ncacert = "%s"\nfail\nsilent\nshow-error\noutput = "/dev/null"\n'
                       'header = "Authorization: Bearer %s"\nheader = "Content-Type: application/strategic-merge-patch+json"\n'
                       'data = "%s"\n' % (setting.cluster.server, namespace.sets, name, setting.cluster.authority, secret,
                                          body.replace('"', '\\"')))
    return Run(['curl', '--parallel', '--parallel-max', '32', '--config', directory + '/config'])


def pipeline(setting, kubeconfig, names, number, wait):
    """The shell pipeline: clone, one `kubectl patch` an app, then `kubectl rollout status`."""
    script = '''set -e
git clone --quiet --branch DEV "$REPOSITORY" "$WORK/checkout"
descriptor=$WORK/checkout/deploy-descriptor.yaml
while read -r name version; do
  "$KUBECTL" --cache-dir "$WORK/cache" patch statefulset "$name" --type=strategic >/dev/null \\
    -p '{"spec":{"template":{"spec":{"containers":[{"name":"'"$name"'","image":"'"$REGISTRY/$name:$version"'"}]}}}}'
done < <(awk '/name:/ {n = $3} /version:/ {print n, $2}' "$descriptor")
[ -z "$WAIT" ] || while read -r name; do
  "$KUBECTL" --cache-dir "$WORK/cache" rollout status "statefulset/$name" --timeout=120s >/dev/null
done < <(awk '/name:/ {print $3}' "$descriptor")
'''
    return Run(['bash', '-c', script], timeout=300, env={
        'KUBECTL': setting.kubectl, 'KUBECONFIG': kubeconfig, 'REGISTRY': REGISTRY, 'REPOSITORY': setting.repository.url,
        'WORK': setting.temporary(), 'WAIT': 'yes' if wait else ''})


def apply(setting):
    """50 changed apps, without and with waiting for the rollouts."""
    names = ['app-%02d' % i for i in range(50)]
    namespace = setting.cluster.namespace('bench')
    token, kubeconfig = namespace.account('descry', clusters.RULES)
    environment = setting.granted(namespace) if setting.descry else None
    namespace.create(names, lambda n: image(n, 0), 1)
    watch = namespace.watch()
    settle = lambda number: watch.complete({n: image(n, number) for n in names})
    settle(0)
    helm = Helm(setting, names, 'bench-helm') if setting.helm else None
    runs = {k: [] for k in ('descry', 'curl', 'kubectl', 'helm', 'descry wait', 'kubectl wait', 'helm wait')}
    lag = []
    for round in range(setting.rounds):
        def turn(key, work, settled=settle):
            number = setting.next()
            setting.repository.commit(descriptor(names, number))
            quiet()
            run = work(number)
            runs[key].append(run)
            return run, settled(number)
        # The two that are compared most closely change places from round to round.
        pair = [('curl', lambda n: curl_patches(setting, namespace, token, names, n))]
        if setting.descry:
            pair.insert(round % 2, ('descry', lambda n: setting.apply(environment, '--no-wait')))
        for key, work in pair:
            turn(key, work)
        turn('kubectl', lambda n: pipeline(setting, kubeconfig, names, n, wait=False))
        turn('kubectl wait', lambda n: pipeline(setting, kubeconfig, names, n, wait=True))
        if helm:
            turn('helm', lambda n: helm.upgrade(n), helm.settle)
            turn('helm wait', lambda n: helm.upgrade(n, '--wait', '--timeout', '120s'), helm.settle)
        if setting.descry:
            number = setting.next()
            setting.repository.commit(descriptor(names, number))
            done = []
            quiet()
            follower = threading.Thread(target=lambda: done.append(settle(number)))
            follower.start()
            run = setting.apply(environment)
            follower.join(120)
            if not done:
                raise Failed('descry said that all is rolled out, but it is not')
            runs['descry wait'].append(run)
            lag.append(run.ended - done[0])
        progress('round %d of %d' % (round + 1, setting.rounds))
    figures = {k: Figure.of(v) for k, v in runs.items() if v}
    helm_name, kubectl_name = 'helm upgrade --install', 'clone + 50 × kubectl patch'
    fast = Row('apply, 50 changed apps, no wait', '≤ 1.5 × curl -Z; ≥ 15 × faster than clone + 50 × kubectl patch', figures.get('descry'),
               {'curl -Z': figures['curl'], kubectl_name: figures['kubectl'], helm_name: figures.get('helm', 'no helm found')},
               lambda: figures['descry'].median <= 1.5 * figures['curl'].median
               and figures['kubectl'].median >= 15 * figures['descry'].median)
    if lag:
        figures['descry wait'].note = 'exit %.2f s after the slowest rollout at most' % max(lag)
    proven = Row('apply, the same, every rollout proven', '≤ the slowest rollout + 0.5 s', figures.get('descry wait'),
                 {kubectl_name + ' + rollout status': figures['kubectl wait'], helm_name + ' --wait': figures.get('helm wait', 'no helm found')},
                 lambda: max(lag) <= 0.5)
    return [fast, proven]


# ---- a pass with nothing to do ---------------------------------------------------------------------------------------
def no_op(setting):
    names = ['app-%04d' % i for i in range(1000)]
    namespace = setting.cluster.namespace('bench-thousand')
    _, kubeconfig = namespace.account('descry', clusters.RULES)
    number = setting.next()
    namespace.create(names, lambda n: image(n, number), 0)
    peer = Figure.of(repeat(setting.rounds, lambda: Run([setting.kubectl, '--kubeconfig', kubeconfig, '--cache-dir',
                                                         setting.directory + '/kubectl-cache', 'get', 'statefulsets', '-o', 'name'])))
    what, budget = 'no-op pass, 1,000 workloads', '1 list (pages of 500), 0 writes'
    peers = {'kubectl get statefulsets -o name (reads only)': peer}
    if not setting.descry:
        return [Row(what, budget, None, peers)]
    environment, cache = setting.granted(namespace), setting.temporary()
    setting.repository.commit(descriptor(names, number))
    setting.apply(environment, cache=cache)        # annotations, strategy and history, once
    runs, asked = [], []
    for _ in range(setting.rounds):
        mark = setting.cluster.log_mark('audit')
        runs.append(setting.apply(environment, cache=cache))
        asked.append([(e['verb'], e['objectRef']['resource'] == 'leases') for e in namespace.requests(DEPLOYER, mark)])
    # The lease is that of the command, held before and after the pass; `descry run` keeps it from pass to pass.
    verbs, lease = ([v for v, is_lease in asked[-1] if is_lease == wanted] for wanted in (False, True))
    writes = sum(v not in ('get', 'list', 'watch') for v in verbs)
    count = lambda found: ', '.join('%d %s' % (found.count(v), v) for v in sorted(set(found)))
    figure = Figure.of(runs, 'requests: %s; for the lease: %s' % (count(verbs), count(lease) or 'none'))
    return [Row(what, budget, figure, peers, lambda: writes == 0 and verbs.count('list') <= 2)]


# ---- descriptor, git, start-up ---------------------------------------------------------------------------------------
def python_with_libyaml():
    for python in dict.fromkeys((sys.executable, '/usr/bin/python3', shutil.which('python3'))):
        if python and subprocess.run([python, '-c', 'from yaml import CSafeLoader'], stderr=subprocess.DEVNULL).returncode == 0:
            return python
    return None


def lint(setting):
    path = setting.temporary() + '/deploy-descriptor.yaml'
    with open(path, 'w') as file:
        file.write(descriptor(['app-%05d' % i for i in range(10000)], 1))
    python = python_with_libyaml()
    read = 'import sys, yaml; assert len(yaml.load(open(sys.argv[1]), yaml.CSafeLoader)["apps"]) == 10000'
    peer = Figure.of(repeat(setting.rounds, lambda: Run([python, '-c', read, path]))) if python else 'no PyYAML with libyaml found'
    figure = Figure.of(repeat(setting.rounds, lambda: Run([setting.descry, 'lint', path]))) if setting.descry else None
    return [Row('descriptor of 10,000 apps: descry lint', '≤ 150 ms, ≤ 64 MiB', figure, {'PyYAML CSafeLoader': peer},
                lambda: figure.median <= 0.150 and figure.memory <= 64)]


def git(setting):
    """A repository of 12,000 commits, as its server sees it, since no command of descry only fetches (this is `plan`): from
    the first request's beginning to the last answer's end, so that neither side's start-up counts."""
    from gitserver import Repository
    repository, was = Repository(setting.server, 'twelve-thousand'), setting.repository
    repository.commit(descriptor(['app'], 1), count=12000, filler=100)
    namespace = setting.cluster.namespace('bench-git')
    token, _ = namespace.account('descry', clusters.RULES)
    namespace.create(['app'], lambda n: image(n, 1), 0)
    mark = setting.server.served()[3]

    def served(work):
        nonlocal mark
        run = work()
        requests, size, seconds, mark = setting.server.served(mark)
        return run, requests, size, seconds

    def figure(found, whole=False):
        runs, (_, requests, size, _) = [f[0] for f in found], found[-1]
        note = '%d requests, %.1f KB' % (requests, size / 1000)
        if whole:
            note += ', the whole command %.0f ms' % (Figure.of(runs).median * 1000)
        return Figure([f[3] for f in found], max(r.memory for r in runs), note)

    times = range(setting.rounds)
    clone = figure([served(lambda: Run(['git', 'clone', '--quiet', '--depth', '1', '--branch', 'DEV', repository.url,
                                        setting.temporary() + '/clone'])) for _ in times], whole=True)
    remote = figure([served(lambda: Run(['git', 'ls-remote', '--heads', repository.url])) for _ in times], whole=True)
    first = poll = None
    if setting.descry:
        setting.repository = repository
        environment = setting.environment(namespace, token)
        setting.repository = was

        def plan(cache):
            return Run([setting.descry, 'plan', 'DEV', '--environment-file', environment, '--cache', cache, '-o', 'json'])
        first = figure([served(lambda: plan(setting.temporary())) for _ in times])
        cache = setting.temporary()
        served(lambda: plan(cache))
        polled = [served(lambda: plan(cache)) for _ in times]
        poll = figure(polled)
    return [Row('first fetch of a branch, 12,000 commits, HTTP', 'faster than git', first, {'git clone --depth 1': clone},
                lambda: first.median <= clone.median),
            Row('poll of the same repository', '1 request', poll, {'git ls-remote': remote}, lambda: polled[-1][1] == 1)]


def start_up(setting):
    """Twenty starts in a row from one shell, so that what it takes to measure one does not count."""
    def figure(*command):
        loop = 'i=0; while [ $i -lt 20 ]; do "$@" >/dev/null || exit; i=$((i+1)); done'
        runs = repeat(max(5, setting.rounds), lambda: Run(['sh', '-c', loop, 'sh', *command]))
        return Figure([run.seconds / 20 for run in runs], max(run.memory for run in runs))

    peers = {'kubectl version --client': figure(setting.kubectl, 'version', '--client')}
    if setting.helm:
        peers['helm version'] = figure(setting.helm, 'version')
    figure = figure(setting.descry, '--version') if setting.descry else None
    return [Row('descry --version', '≤ 15 ms, ≤ 16 MiB', figure, peers, lambda: figure.median <= 0.015 and figure.memory <= 16)]


ALL = {'apply': apply, 'bad-image': bad_image, 'no-op': no_op, 'lint': lint, 'git': git, 'set': set_versions, 'start-up': start_up,
       'webhook': webhook, 'thousand': thousand, 'memory': memory}
# By name only: it takes an hour.
LONG = {'soak': soak}
