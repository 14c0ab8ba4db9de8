#!/usr/bin/env python3
"""fakekubelet: plays the node of a cluster that has no container runtime, and the scheduler that fills it.

Registers one Node, kept Ready by its lease. Binds pods to it that fit (node selector, CPU); the others are marked
Unschedulable. Writes the statuses of bound pods as containerstates.py tells them: its head lists which image tags fail
and how. A changed image inside a running pod restarts that container; a pod being deleted goes away after --term.
Serves the containers' logs to the API server over TLS (kubelet.crt and kubelet.key of the state directory).
Lists once and watches; only the lease is renewed by time. Standard library only.

All pods share one address of the loopback interface, which up has added (STATE_DIR/pod-address), and one port of it, where they
answer by HTTP as their images have it; the API server's pod proxy says which of them is meant. STATE_DIR/pods has ADDRESS:PORT.
Where up could not add the address, pods get one that nobody answers at, and the file is not there.

  fakekubelet.py --state STATE_DIR [--node fake-0] [--delay 0.3] [--term 0.1]
"""
import argparse
import heapq
import http.client
import itertools
import json
import os
import queue
import re
import signal
import socket
import socketserver
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlsplit

import containerstates
from containerstates import Story, conditions, fate, phase, stamp

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument('--state', required=True, help="up's STATE_DIR: server, ca.crt, admin.crt, admin.key")
ap.add_argument('--node', default='fake-0')
ap.add_argument('--delay', type=float, default=0.3, help='seconds from bound to started')
ap.add_argument('--term', type=float, default=0.1, help='seconds a pod takes to stop')
ap.add_argument('--workers', type=int, default=4)
a = ap.parse_args()


def state(name):
    return os.path.join(a.state, name)


server = urlsplit(open(state('server')).read().strip())
tls = ssl.create_default_context(cafile=state('ca.crt'))
tls.load_cert_chain(state('admin.crt'), state('admin.key'))
SMP, JSON = 'application/strategic-merge-patch+json', 'application/json'


def log(*words):
    now = time.time()
    print(time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now)) + '.%03dZ' % (now % 1 * 1000), *words, flush=True)


def connect(timeout):
    return http.client.HTTPSConnection(server.hostname, server.port, context=tls, timeout=timeout)


HEAD = {'User-Agent': 'fakekubelet/1', 'Accept': JSON}
local = threading.local()


def call(method, path, body=None, ctype=JSON):
    """one request on this thread's kept connection: (status, parsed body)"""
    data = None if body is None else json.dumps(body)
    head = dict(HEAD, **({'Content-Type': ctype} if data else {}))
    for again in (True, False):
        fresh = getattr(local, 'c', None) is None
        if fresh:
            local.c = connect(30)
        try:
            local.c.request(method, path, data, head)
            r = local.c.getresponse()
            raw = r.read()
            return r.status, json.loads(raw or b'{}') if raw[:1] == b'{' else {'message': raw.decode(errors='replace')}
        except (OSError, http.client.HTTPException):
            local.c.close()
            local.c = None
            if fresh or not again:
                raise


def watch(path, params, handle):
    """list, then watch for ever; handle(type, object), first 'LIST' with all the items"""
    sep = '?' + params + '&' if params else '?'
    while True:
        try:
            code, l = call('GET', path + sep[:-1])
            if code != 200:
                raise OSError('list %s: %s %s' % (path, code, l.get('message')))
            handle('LIST', l.get('items') or [])
            rv = l['metadata']['resourceVersion']
            while rv:
                c = connect(330)
                try:
                    c.request('GET', '%s%swatch=1&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=%s' % (path, sep, rv), headers=HEAD)
                    r = c.getresponse()
                    if r.status != 200:
                        raise OSError('watch %s: %s' % (path, r.status))
                    for line in r:
                        ev = json.loads(line)
                        if ev['type'] == 'ERROR':        # 410 Gone: list again
                            rv = None
                            break
                        rv = ev['object']['metadata']['resourceVersion']
                        if ev['type'] != 'BOOKMARK':
                            handle(ev['type'], ev['object'])
                finally:
                    c.close()
        except (OSError, http.client.HTTPException, ValueError, KeyError) as e:
            log('watch', path, 'broken, again in 1 s:', repr(e))
            time.sleep(1)


# ---- timers ---------------------------------------------------------------------------------------------------------
# (when, key, action); a newer action for the same key and kind replaces the older one
timers, order, wake, todo = [], itertools.count(), threading.Condition(), queue.Queue()
current = {}        # (uid, kind) -> serial number of the one timer that still counts


def later(delay, uid, kind, fn):
    with wake:
        n = next(order)
        current[uid, kind] = n
        heapq.heappush(timers, (time.monotonic() + delay, n, uid, kind, fn))
        wake.notify()


def clock():
    while True:
        with wake:
            while not timers or timers[0][0] > time.monotonic():
                wake.wait(None if not timers else max(0, timers[0][0] - time.monotonic()))
            _, n, uid, kind, fn = heapq.heappop(timers)
            if current.get((uid, kind)) == n:
                del current[uid, kind]
                todo.put((kind, uid, fn))


def work():
    while True:
        kind, uid, fn = todo.get()
        try:
            fn()
        except Exception as e:
            log(kind, uid, 'failed, again in 1 s:', repr(e))
            later(1, uid, kind, fn)


# ---- pods ----------------------------------------------------------------------------------------------------------
class Pod:
    """A pod bound to this node: each of its containers goes through its own story."""
    numbers = itertools.count(2)

    def __init__(self, pod):
        self.pod, self.lock, self.stories = pod, threading.Lock(), {}
        number = next(Pod.numbers)
        had = pod.get('status') or {}
        self.address = had.get('podIP') or ADDRESS or '10.244.%d.%d' % (number // 250 % 250, number % 250 + 1)
        self.started = had.get('startTime') or stamp()
        self.restarts = {s['name']: s['restartCount'] for s in had.get('containerStatuses') or []}

    def path(self, sub=''):
        return podpath(self.pod, sub)

    def story(self, container, init):
        """Seconds until this container's next status, None for never; self.stories has its status."""
        name, image, now = container['name'], container['image'], time.monotonic()
        known = self.stories.get(name)
        if known is None or known['image'] != image:
            count = self.restarts.get(name, 0) if known is None else known['status']['restartCount'] + 1
            known = self.stories[name] = {'image': image, 'due': now, 'status': None,
                                          'steps': iter(Story(self.pod, container, init, a.delay, count))}
        while known['due'] is not None and known['due'] <= now:
            known['status'], wait = next(known['steps'])
            known['due'] = None if wait is None else now + wait
        return None if known['due'] is None else known['due'] - now

    def advance(self):
        """Brings every container up to now: (status to write, seconds until the next one)."""
        spec, waits, blocked = self.pod['spec'], [], False
        listed = {True: [], False: []}
        for init, containers in ((True, spec.get('initContainers') or []), (False, spec['containers'])):
            for container in containers:
                if blocked:
                    listed[init].append(Story(self.pod, container, init, 0).waiting('PodInitializing'))
                    continue
                wait = self.story(container, init)
                if wait is not None:
                    waits.append(wait)
                status = self.stories[container['name']]['status']
                listed[init].append(status)
                blocked = blocked or init and (status['state']['terminated'] or {}).get('exitCode') != 0
        old = {c['type']: c for c in self.pod.get('status', {}).get('conditions') or []}
        whole = phase(spec.get('restartPolicy', 'Always'), listed[True], listed[False])
        status = {'phase': whole, 'hostIP': '127.0.0.1', 'podIP': self.address, 'podIPs': [{'ip': self.address}],
                  'startTime': self.started, 'containerStatuses': listed[False],
                  'conditions': conditions(whole, listed[True], listed[False], old)}
        if listed[True]:
            status['initContainerStatuses'] = listed[True]
        if MINOR >= 34 and self.pod['metadata'].get('generation'):
            status['observedGeneration'] = self.pod['metadata']['generation']
        return status, min(waits) if waits else None


pods = {}           # uid -> Pod
leaving = set()     # uids of pods that are being deleted


def podpath(pod, sub=''):
    return '/api/v1/namespaces/%s/pods/%s%s' % (pod['metadata']['namespace'], pod['metadata']['name'], sub)


def still(p):
    """The pod as it is now; None where it is gone, or another one has its name. A write that is refused says little: right after
    etcd was away, the API server may answer 409 by a pod that it had cached before."""
    code, now = call('GET', podpath(p))
    if code not in (200, 404):
        raise OSError('%s %s' % (code, now.get('message')))
    return now if code == 200 and now['metadata']['uid'] == p['metadata']['uid'] else None


def report(uid):
    held = pods.get(uid)
    if held is None or uid in leaving:
        return
    with held.lock:
        status, wait = held.advance()
        code, answer = call('PATCH', held.path('/status'), {'metadata': {'uid': uid}, 'status': status}, SMP)
        if code in (404, 409) and still(held.pod) is None:
            return
        if code != 200:
            raise OSError('%s %s' % (code, answer.get('message')))
        held.pod['status'] = answer['status']
    states = ', '.join('%s %s' % (s['name'], next((v.get('reason') or k for k, v in s['state'].items() if v), ''))
                       for s in status['containerStatuses'])
    log('pod', held.path(), status['phase'], states)
    if wait is not None:
        later(wait, uid, 'report', lambda: report(uid))


def remove(uid):
    held = pods.get(uid)
    if held is None:
        return
    code, answer = call('DELETE', held.path(), {'kind': 'DeleteOptions', 'apiVersion': 'v1', 'gracePeriodSeconds': 0,
                                                'preconditions': {'uid': uid}})
    if code not in (200, 202) and not (code in (404, 409) and still(held.pod) is None):
        raise OSError('%s %s' % (code, answer.get('message')))
    log('pod', held.path(), 'removed')


def images(pod):
    return [c['image'] for c in (pod['spec'].get('initContainers') or []) + pod['spec']['containers']]


def given_up(pod):
    """the controller manager has given up on the node for a while and taken its pods for not ready: a kubelet says otherwise"""
    has = {c['type']: c['status'] for c in pod['status'].get('conditions') or []}
    return has.get('Ready') == 'False' and has.get('ContainersReady') == 'True'


def pod(kind, found):
    if kind == 'LIST':
        for uid in set(pods) - {p['metadata']['uid'] for p in found}:
            forget(uid)
        for p in found:
            pod('ADDED', p)
        return
    uid = found['metadata']['uid']
    if kind == 'DELETED':
        return forget(uid)
    known = pods.get(uid)
    if found['metadata'].get('deletionTimestamp'):
        pods.setdefault(uid, Pod(found))
        if uid not in leaving:
            leaving.add(uid)
            later(a.term, uid, 'remove', lambda: remove(uid))
    elif found['status'].get('phase') in ('Succeeded', 'Failed'):
        pass        # over, and the API server refuses to have it otherwise
    elif known is None:
        pods[uid] = Pod(found)
        later(0, uid, 'report', lambda: report(uid))
    elif given_up(found):
        with known.lock:
            known.pod['status'] = found['status']
        later(0, uid, 'report', lambda: report(uid))
    elif images(known.pod) != images(found):
        with known.lock:
            known.pod = found
        later(a.delay, uid, 'report', lambda: report(uid))


def forget(uid):
    pods.pop(uid, None)
    leaving.discard(uid)
    with wake:
        for kind in ('report', 'remove'):
            current.pop((uid, kind), None)


# ---- what pods answer ----------------------------------------------------------------------------------------------
ADDRESS = None


class PodServer(ThreadingHTTPServer):
    def server_bind(self):
        # Linux takes a packet for any of its addresses from any of its interfaces: only this keeps the network out.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'lo')
        socketserver.TCPServer.server_bind(self)    # HTTPServer's would ask the DNS for the address's name


class Answer(BaseHTTPRequestHandler):
    PLACE = re.compile('/api/v1/namespaces/([^/]+)/pods/(?:https?:)?([^/:]+)')

    def do_GET(self):
        place = self.PLACE.match(self.headers.get('X-Forwarded-Uri', ''))
        key = place and place.groups()
        held = next((p for p in list(pods.values())
                     if (p.pod['metadata']['namespace'], p.pod['metadata']['name']) == key), None)
        running = {s['name'] for s in (held.pod['status'].get('containerStatuses') or []) if s['state'].get('running')} if held else ()
        if not running:
            self.close_connection = True    # nobody is there to answer
            return
        sick = any(c['name'] in running and fate(c['image']) == 'sick' for c in held.pod['spec']['containers'])
        body = json.dumps({'healthy': False, 'reason': 'no connection to the database'} if sick else {'healthy': True}).encode()
        self.send_response(503 if sick else 200)
        self.send_header('Content-Type', JSON)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


def answer():
    """serves what pods answer, at the same port as before where this is a restart"""
    global ADDRESS
    if not os.path.exists(state('pod-address')):
        return log('pods do not answer: up has no address for them')
    address = open(state('pod-address')).read().split()[0]
    port = int(open(state('pods')).read().rpartition(':')[2]) if os.path.exists(state('pods')) else 0
    try:
        server = PodServer((address, port), Answer)
    except PermissionError as e:    # before Linux 5.7, for all but root
        return log('pods do not answer:', repr(e))
    ADDRESS = address
    with open(state('pods'), 'w') as f:
        f.write('%s:%d\n' % server.server_address)
    thread(server.serve_forever)


# ---- the scheduler -------------------------------------------------------------------------------------------------
def unbound(kind, found):
    for p in found if kind == 'LIST' else [found] if kind in ('ADDED', 'MODIFIED') else []:
        if not p['spec'].get('nodeName') and not p['metadata'].get('deletionTimestamp') and not p['spec'].get('schedulingGates'):
            todo.put(('bind', p['metadata']['uid'], lambda p=p: bind(p)))


def cores(quantity):
    return float(quantity[:-1]) / 1000 if quantity.endswith('m') else float(quantity)


def unfit(p):
    """Why the node cannot take the pod, in the scheduler's words; None where it can."""
    selector = p['spec'].get('nodeSelector') or {}
    if any(LABELS.get(k) != v for k, v in selector.items()):
        return "1 node(s) didn't match Pod's node affinity" + ('/selector' if MINOR >= 22 else '')
    wanted = sum(cores(((c.get('resources') or {}).get('requests') or {}).get('cpu', '0')) for c in p['spec']['containers'])
    return '1 Insufficient cpu' if wanted > float(ROOM['cpu']) else None


def bind(p):
    why = unfit(p)
    if why is None:
        code, answer = call('POST', podpath(p, '/binding'), {
            'apiVersion': 'v1', 'kind': 'Binding', 'target': {'apiVersion': 'v1', 'kind': 'Node', 'name': a.node},
            'metadata': {'name': p['metadata']['name'], 'namespace': p['metadata']['namespace'], 'uid': p['metadata']['uid']}})
    elif any(c['type'] == 'PodScheduled' for c in p['status'].get('conditions') or []):
        return
    else:
        code, answer = call('PATCH', podpath(p, '/status'), {'metadata': {'uid': p['metadata']['uid']}, 'status': {'conditions': [{
            'type': 'PodScheduled', 'status': 'False', 'reason': 'Unschedulable', 'lastProbeTime': None,
            'message': '0/1 nodes are available: %s.' % why, 'lastTransitionTime': stamp()}]}}, SMP)
    if code in (404, 409):
        now = still(p)
        if now is None or now['spec'].get('nodeName') or now['metadata'].get('deletionTimestamp'):
            return
    if code not in (200, 201):
        raise OSError('%s %s' % (code, answer.get('message')))


# ---- logs, which the API server asks the node for --------------------------------------------------------------------
class Logs(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        url = urlsplit(self.path)
        part, asked = url.path.strip('/').split('/'), {k: v[-1] for k, v in parse_qs(url.query).items()}
        if len(part) != 4 or part[0] != 'containerLogs':
            return self.answer(404, 'not found')
        held = next((p for p in list(pods.values()) if (p.pod['metadata']['namespace'], p.pod['metadata']['name']) == tuple(part[1:3])), None)
        had = (held.pod.get('status') or {}) if held else {}
        status = next((s for s in (had.get('initContainerStatuses') or []) + (had.get('containerStatuses') or []) if s['name'] == part[3]), None)
        if status is None:
            return self.answer(404, 'pod "%s" not found' % part[2])
        try:
            text = containerstates.log(part[2], part[3], status, asked.get('previous') == 'true')
        except ValueError as e:
            return self.answer(400, str(e))
        if 'tailLines' in asked:
            lines = text.splitlines(True)
            text = ''.join(lines[len(lines) - min(len(lines), int(asked['tailLines'])):])
        self.answer(200, text[:int(asked['limitBytes'])] if 'limitBytes' in asked else text)

    def answer(self, code, text):
        data = text.encode()
        self.send_response(code)
        self.send_header('Content-Type', 'text/plain; charset=utf-8')
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, form, *words):
        log('logs', form % words)


logs = ThreadingHTTPServer(('127.0.0.1', 0), Logs)
kubelet_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
kubelet_tls.load_cert_chain(state('kubelet.crt'), state('kubelet.key'))
# The handshake is for the connection's own thread: done in the accepting one, a silent client would hold up all others.
logs.socket = kubelet_tls.wrap_socket(logs.socket, server_side=True, do_handshake_on_connect=False)


# ---- the node ------------------------------------------------------------------------------------------------------
NODE, LEASE = '/api/v1/nodes', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'


LABELS = {'kubernetes.io/hostname': a.node, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64'}
ROOM = {'cpu': '64', 'memory': '256Gi', 'pods': '5000', 'ephemeral-storage': '1Ti'}


def register():
    n = {'apiVersion': 'v1', 'kind': 'Node', 'metadata': {'name': a.node, 'labels': LABELS}}
    code, r = call('POST', NODE, n)
    if code not in (201, 409):
        raise OSError('node: %s %s' % (code, r.get('message')))
    now = stamp()
    conds = [{'type': 'Ready', 'status': 'True', 'reason': 'KubeletReady', 'message': 'fakekubelet is posting ready status'}] + [
        {'type': t + 'Pressure', 'status': 'False', 'reason': 'KubeletHasNo' + t + 'Pressure', 'message': 'none'} for t in ('Memory', 'Disk', 'PID')]
    st = {'capacity': ROOM, 'allocatable': ROOM, 'addresses': [{'type': 'InternalIP', 'address': '127.0.0.1'}, {'type': 'Hostname', 'address': a.node}],
          'daemonEndpoints': {'kubeletEndpoint': {'Port': logs.server_address[1]}},
          'conditions': [dict(c, lastHeartbeatTime=now, lastTransitionTime=now) for c in conds],
          'nodeInfo': {'kubeletVersion': 'v1.%d.0-fake' % MINOR, 'containerRuntimeVersion': 'fake://1', 'architecture': 'amd64', 'operatingSystem': 'linux',
                       'kernelVersion': '', 'osImage': 'fakekubelet', 'machineID': '', 'systemUUID': '', 'bootID': '', 'kubeProxyVersion': ''}}
    code, r = call('PATCH', NODE + '/' + a.node + '/status', {'status': st}, SMP)
    if code != 200:
        raise OSError('node status: %s %s' % (code, r.get('message')))
    code, r = call('POST', LEASE, {'apiVersion': 'coordination.k8s.io/v1', 'kind': 'Lease', 'metadata': {'name': a.node}, 'spec': lease()})
    if code not in (201, 409):
        raise OSError('lease: %s %s' % (code, r.get('message')))
    log('node', a.node, 'is Ready')


def lease():
    t = time.time()
    return {'holderIdentity': a.node, 'leaseDurationSeconds': 40,
            'renewTime': time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(t)) + '.%06dZ' % (t % 1 * 1e6)}


def node(kind, o):
    """the node was deleted, or the controller manager gave up on it (missed heartbeats): say Ready again"""
    n = (o[0] if o else None) if kind == 'LIST' else None if kind == 'DELETED' else o
    if n is None or not any(c['type'] == 'Ready' and c['status'] == 'True' for c in n.get('status', {}).get('conditions') or []):
        later(0.2, 'node', 'register', register)


def heartbeat():
    while True:
        try:
            code, r = call('PATCH', LEASE + '/' + a.node, {'spec': lease()}, 'application/merge-patch+json')
            if code == 404:      # the node was deleted, and its lease with it
                register()
            elif code != 200:
                raise OSError('%s %s' % (code, r.get('message')))
            time.sleep(10)
        except Exception as e:
            log('heartbeat failed, again in 1 s:', repr(e))
            time.sleep(1)


def thread(fn, *w):
    threading.Thread(target=fn, args=w, daemon=True).start()


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
signal.signal(signal.SIGINT, lambda *_: os._exit(0))
answer()
while True:
    try:
        MINOR = int(''.join(ch for ch in call('GET', '/version')[1]['minor'] if ch.isdigit()) or 0)     # '' in an unstamped build
        register()
        break
    except (OSError, http.client.HTTPException, KeyError) as e:
        log('no api server yet:', repr(e))
        time.sleep(0.5)
thread(clock)
for _ in range(a.workers):
    thread(work)
thread(heartbeat)
thread(logs.serve_forever)
thread(watch, NODE, 'fieldSelector=' + quote('metadata.name=' + a.node), node)
thread(watch, '/api/v1/pods', 'fieldSelector=' + quote('spec.nodeName='), unbound)
watch('/api/v1/pods', 'fieldSelector=' + quote('spec.nodeName=' + a.node), pod)
