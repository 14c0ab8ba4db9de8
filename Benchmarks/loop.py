"""`descry run`: a thousand environments, from the webhook to the patch, and the memory it takes to watch."""
import concurrent.futures
import hashlib
import hmac
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import cluster as clusters
from badimage import seconds
from gitserver import Repository
from measure import Failed, Figure, Row, progress, quiet, wall_clock
from setting import REGISTRY, descriptor, image

# What `descry rbac` prints for an environment of StatefulSets, but for the names of objects.
RULES = [{'apiGroups': ['apps'], 'resources': ['statefulsets'], 'verbs': ['get', 'list', 'watch', 'patch']},
         {'apiGroups': [''], 'resources': ['pods'], 'verbs': ['get', 'list', 'watch', 'delete']},
         {'apiGroups': [''], 'resources': ['configmaps'], 'verbs': ['get', 'create', 'patch']},
         {'apiGroups': [''], 'resources': ['events'], 'verbs': ['create']},
         {'apiGroups': ['coordination.k8s.io'], 'resources': ['leases'], 'verbs': ['get', 'create', 'update', 'patch']}]
SECRET = 'a-secret-of-the-benchmark'


class Loop:
    """One `descry run` with its folder of environments."""

    def __init__(self, setting, *flags):
        self.setting, self.folder, self.flags = setting, setting.temporary(), flags
        self.secret = setting.temporary() + '/webhook'
        with open(os.open(self.secret, os.O_CREAT | os.O_WRONLY, 0o600), 'w') as file:
            file.write(SECRET)

    def add(self, name, namespace, token, repository):
        with open('%s/%s.yaml' % (self.folder, name), 'w') as file:
            file.write('environment: %s\nrepository: %s\nnamespace: %s\nregistry: %s\n'
                       'cluster:\n  server: %s\n  certificateAuthority: %s\n  tokenFile: %s\n'
                       'forge:\n  provider: generic\n  webhookSecretFile: %s\n' % (
                           name, repository.url, namespace, REGISTRY, self.setting.cluster.server,
                           self.setting.cluster.authority, token, self.secret))

    def start(self, timeout=120):
        with socket.create_server(('127.0.0.1', 0)) as free:
            self.port = free.getsockname()[1]
        self.log = open(self.setting.temporary() + '/log', 'w+')
        self.process = subprocess.Popen(
            [self.setting.descry, 'run', '--environments', self.folder, '--listen', '127.0.0.1:%d' % self.port, '--cache',
             self.setting.temporary(), '--poll-interval', '1h', *self.flags],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True)
        return self.wait(self.up_to_date, timeout)

    def up_to_date(self, values):
        wanted = len([n for n in os.listdir(self.folder) if n.endswith('.yaml')])
        return sum(v for (name, _), v in values.items() if name == 'descry_environment_up_to_date') == wanted

    def succeeded(self, since):
        """Every environment has come to a good end since then, and is still there."""
        def condition(values):
            ends = [v for (name, _), v in values.items() if name == 'descry_last_success_timestamp_seconds']
            return all(v >= since for v in ends) and self.up_to_date(values)
        return condition

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def metrics(self):
        """(name, labels as written): value."""
        _, text = self.ask('GET', '/metrics')
        found = re.findall(r'^(\w+)(?:\{(.*)\})? ([-+.\deE]+)$', text, re.M)
        return {(name, labels): float(value) for name, labels, value in found}

    def wait(self, condition, timeout, interval=0.05):
        """Until the metrics are so; returns the moment."""
        end = time.monotonic() + timeout
        while True:
            try:
                if condition(self.metrics()):
                    return time.monotonic()
            except OSError:
                pass        # not listening yet
            if self.process.poll() is not None or time.monotonic() > end:
                self.log.flush(), self.log.seek(0)
                raise Failed('descry run %s:\n%s' % (
                    'ended' if self.process.poll() is not None else 'is not where it should be', self.log.read()[-3000:]))
            time.sleep(interval)

    def hook(self, repository, branch):
        """A signed webhook; returns when it was sent, in seconds since 1970."""
        body = json.dumps({'repository': repository.url, 'ref': 'refs/heads/' + branch}).encode()
        stamp = str(int(time.time()))
        signature = hmac.new(SECRET.encode(), stamp.encode() + b'.' + body, hashlib.sha256).hexdigest()
        began = time.time()
        status, text = self.ask('POST', '/webhooks/generic', body, {
            'Content-Type': 'application/json', 'X-Descry-Timestamp': stamp, 'X-Descry-Signature-256': 'sha256=' + signature})
        if status not in (200, 202):
            raise Failed('the webhook was answered %d %s' % (status, text))
        return began

    def memory(self):
        """MiB: (now, at the peak, now of the program's own file)."""
        with open('/proc/%d/status' % self.process.pid) as file:
            fields = dict(line.split(':', 1) for line in file)
        return tuple(int(fields[name].split()[0]) / 1024 for name in ('VmRSS', 'VmHWM', 'RssFile'))

    def processor(self):
        """Clock ticks: (of the loop, of everything on this machine)."""
        with open('/proc/%d/stat' % self.process.pid) as file:
            own = file.read().rpartition(')')[2].split()[11:13]
        with open('/proc/stat') as file:
            user, nice, system, _, _, interrupts, soft = map(int, file.readline().split()[1:8])
        return sum(map(int, own)), user + nice + system + interrupts + soft

    def descriptors(self):
        return len(os.listdir('/proc/%d/fd' % self.process.pid))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise Failed('descry run did not end within 15 s of SIGTERM')
        if code != 0:
            raise Failed('descry run ended with %d' % code)


class Branches:
    """A repository with one branch an environment; all of them move at once."""

    def __init__(self, setting, name):
        self.repository, self.known = Repository(setting.server, name), set()
        self.url = self.repository.url

    def commit(self, contents):
        def data(text):
            raw = text.encode()
            return b'data %d\n%s\n' % (len(raw), raw)
        self.repository.commits += 1
        stream = []
        for branch, text in contents.items():
            stream.append(b'commit refs/heads/%s\ncommitter Bench <bench@example.org> %d +0000\n'
                          % (branch.encode(), 1700000000 + self.repository.commits) + data('change %d' % self.repository.commits))
            if branch in self.known:
                stream.append(b'from refs/heads/%s^0\n' % branch.encode())
            stream.append(b'M 100644 inline deploy-descriptor.yaml\n' + data(text))
            self.known.add(branch)
        subprocess.run(['git', '-C', self.repository.path, 'fast-import', '--quiet', '--force'], input=b''.join(stream),
                       check=True, timeout=120)


def in_parallel(setting, work, items, workers=8):
    """Each thread has a connection of its own."""
    local = threading.local()

    def one(item):
        if not hasattr(local, 'cluster'):
            local.cluster = clusters.Cluster(setting.cluster.state)
        work(local.cluster, item)
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        list(pool.map(one, items))


def account(setting, home):
    """One account for all environments, as the loop in a cluster has: the path of its token."""
    token, _ = setting.cluster.namespace(home).account('descry', RULES)
    return token


def namespaces(setting, home, names, apps, number, replicas=0):
    """A namespace for each name. By default its StatefulSets have no pods: what controllers and nodes do is not measured."""
    def make(cluster, name):
        namespace = cluster.namespace(name)
        rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/%s/' % name
        cluster.call('POST', rbac + 'roles', {'metadata': {'name': 'descry'}, 'rules': RULES})
        cluster.call('POST', rbac + 'rolebindings', {
            'metadata': {'name': 'descry'},
            'roleRef': {'apiGroup': 'rbac.authorization.k8s.io', 'kind': 'Role', 'name': 'descry'},
            'subjects': [{'kind': 'ServiceAccount', 'name': 'descry', 'namespace': home}]})
        namespace.create(apps, lambda n: image(n, number), replicas)
    in_parallel(setting, make, names)


def patches(setting, mark, prefix):
    """When the API server received each patch of a StatefulSet in the namespaces, in their order."""
    found = setting.cluster.audited(mark, lambda e: e['verb'] == 'patch' and e['objectRef']['resource'] == 'statefulsets'
                                    and e['objectRef']['namespace'].startswith(prefix) and e['responseStatus']['code'] == 200)
    return sorted(seconds(e['requestReceivedTimestamp']) for e in found)


def thousand(setting, count=1000):
    what, budget = '{:,} environments, one changed app each: webhook → last patch'.format(count), '≤ 10 s'
    if not setting.descry:
        return [Row(what, budget)]
    names = ['E%04d' % i for i in range(count)]
    spaces = {n: 'bench-many-' + n.lower() for n in names}
    token, branches, number = account(setting, 'bench-many'), Branches(setting, 'many'), setting.next()
    namespaces(setting, 'bench-many', spaces.values(), ['app'], number)
    branches.commit({n: descriptor(['app'], number) for n in names})
    loop = Loop(setting)
    for name in names:
        loop.add(name, spaces[name], token, branches)
    began = time.monotonic()
    progress('all environments up to date for the first time after %.1f s' % (loop.start(timeout=300) - began))
    took, proven, shares, peak = [], [], [], 0
    try:
        for round in range(min(3, setting.rounds)):
            number = setting.next()
            branches.commit({n: descriptor(['app'], number) for n in names})
            quiet()
            mark, before, used = setting.cluster.log_mark('audit'), time.time(), loop.processor()
            sent = loop.hook(branches, names[0])
            done = loop.wait(loop.succeeded(before), 300, interval=0.5)
            own, all = (after - before for after, before in zip(loop.processor(), used))
            shares.append(own / all)
            times = patches(setting, mark, 'bench-many-')
            if len(times) < count:
                raise Failed('%d environments of %d were patched' % (len(times), count))
            took.append(times[-1] - sent)
            proven.append(wall_clock(done) - sent)
            peak = loop.memory()[1]
            progress('round %d: last patch after %.2f s, all proven after %.2f s, %.0f MiB' % (round + 1, took[-1], proven[-1], peak))
    finally:
        loop.stop()
    figure = Figure(took, peak, 'all proven after %.1f s at most; of the processor time %.0f %% was Descry\'s, the rest the API server\'s, '
                    'etcd\'s and the controllers\'' % (max(proven), 100 * max(shares)))
    return [Row(what, budget, figure, {}, lambda: max(took) <= 10)]


def webhook(setting, count=200):
    what, budget = 'webhook → patch, %d one after the other' % count, '≤ 100 ms at p99'
    if not setting.descry:
        return [Row(what, budget)]
    token, branches, number = account(setting, 'bench-hook'), Branches(setting, 'hook'), setting.next()
    namespaces(setting, 'bench-hook', ['bench-hook-dev'], ['app'], number)
    branches.commit({'DEV': descriptor(['app'], number)})
    loop = Loop(setting)
    loop.add('DEV', 'bench-hook-dev', token, branches)
    loop.start()
    sent, mark = [], setting.cluster.log_mark('audit')
    try:
        for _ in range(count):
            number = setting.next()
            branches.commit({'DEV': descriptor(['app'], number)})
            time.sleep(1.1)         # an environment is woken once a second at most
            before = time.time()
            sent.append(loop.hook(branches, 'DEV'))
            loop.wait(loop.succeeded(before), 30)
        peak = loop.memory()[1]
    finally:
        loop.stop()
    times = patches(setting, mark, 'bench-hook-')
    if len(times) != count:
        raise Failed('%d patches for %d webhooks' % (len(times), count))
    took = sorted(after - before for after, before in zip(times, sent))
    p99 = took[int(count * 0.99) - 1]
    return [Row(what, budget, Figure(took, peak, 'p99 %.0f ms' % (p99 * 1000)), {}, lambda: p99 <= 0.100)]


def memory(setting, foreign=10000):
    """A thousand workloads in ten environments; then the same with many more in other namespaces."""
    what, budget = 'memory of the loop, 1,000 workloads in 10 environments', '≤ 64 MiB, flat in the cluster\'s size'
    if not setting.descry:
        return [Row(what, budget)]
    names, apps = ['M%d' % i for i in range(10)], ['app-%03d' % i for i in range(100)]
    spaces = {n: 'bench-memory-' + n.lower() for n in names}
    token, branches = account(setting, 'bench-memory'), Branches(setting, 'memory')
    number = setting.next()
    namespaces(setting, 'bench-memory', spaces.values(), apps, number)
    branches.commit({n: descriptor(apps, number) for n in names})

    def measure():
        loop = Loop(setting)
        for name in names:
            loop.add(name, spaces[name], token, branches)
        loop.start(timeout=300)
        try:
            number = setting.next()         # every workload changes once
            branches.commit({n: descriptor(apps, number) for n in names})
            before = time.time()
            loop.hook(branches, names[0])
            loop.wait(loop.succeeded(before), 300, interval=0.5)
            quiet()
            return loop.memory()
        finally:
            loop.stop()
    alone = measure()
    progress('alone: %.0f MiB, %.0f MiB at the peak, %.0f MiB of it the program itself' % alone)
    others = ['bench-foreign-%02d' % i for i in range(10)]
    for name in others:
        setting.cluster.namespace(name)
    in_parallel(setting, lambda cluster, item: clusters.Namespace(cluster, others[item % 10]).create(
        ['app-%05d' % item], lambda n: image(n, 0), 0), range(foreign))
    beside = measure()
    progress('beside {:,} others: %.0f MiB, %.0f MiB at the peak, %.0f MiB of it the program itself'.format(foreign) % beside)
    words = '%.0f MiB, %.0f MiB at the peak; beside %s workloads of other namespaces %.0f and %.0f MiB; %.0f MiB of it the ' \
        'program itself, mapped from its file' % (*alone[:2], '{:,}'.format(foreign), *beside)
    return [Row(what, budget, words, {}, lambda: max(alone[1], beside[1]) <= 64 and beside[1] <= 1.1 * alone[1])]
