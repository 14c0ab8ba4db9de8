#!/usr/bin/env python3
"""fakekubelet: plays the node side of a cluster that has no container runtime.

Registers one Node (Ready, kept so by a lease), and for every Pod bound to it:
  - after --delay seconds writes status Running + Ready with containerStatuses (image, imageID, started, ...);
    a pod with restartPolicy Never/OnFailure goes on to Succeeded after --job seconds;
  - a container whose image tag contains 'bad' stays waiting: ErrImagePull, then ImagePullBackOff (pod Pending, not ready);
  - a changed image inside a running pod (the one mutable part of it) restarts that container;
  - a pod being deleted goes away after --term seconds (delete with gracePeriodSeconds=0), so rollouts progress.
With --bind it also binds unscheduled pods to itself (for a control plane without a scheduler).
It lists once and watches; nothing is polled (the node's lease is renewed every 10 s). Standard library only.

  fakekubelet.py --state STATE_DIR [--node fake-0] [--delay 0.5] [--term 0.2] [--bind]
STATE_DIR is that of up: server, ca.crt, admin.crt, admin.key.
"""
import argparse, calendar, hashlib, heapq, http.client, itertools, json, os, queue, signal, ssl, sys, threading, time
from urllib.parse import quote, urlsplit

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument('--state', required=True)
ap.add_argument('--node', default='fake-0')
ap.add_argument('--delay', type=float, default=0.5, help='seconds from bound to ready')
ap.add_argument('--term', type=float, default=0.2, help='seconds a pod takes to stop')
ap.add_argument('--job', type=float, default=1.0, help='seconds a run-to-completion pod runs')
ap.add_argument('--bind', action='store_true', default=True)
ap.add_argument('--bad', default='bad', help="image tags containing this never come up")
ap.add_argument('--workers', type=int, default=4)
a = ap.parse_args()

state = lambda f: os.path.join(a.state, f)
server = urlsplit(open(state('server')).read().strip())
tls = ssl.create_default_context(cafile=state('ca.crt'))
tls.load_cert_chain(state('admin.crt'), state('admin.key'))
SMP, JSON = 'application/strategic-merge-patch+json', 'application/json'
STARTED = time.time()


def log(*w):
    print(time.strftime('%H:%M:%S', time.gmtime()) + '.%03d' % (time.time() % 1 * 1000), *w, flush=True)


def stamp(t=None):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(t))


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


# ---- timers: (when, key, action); a newer action for the same key and kind replaces the older one ----
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


# ---- pods ----
pods = {}           # uid -> the pod as last seen (bound to this node)
seen = {}           # uid -> what was last arranged for it: images or 'term'
count = itertools.count(2)
ips = iter(lambda: next(n for n in count if n not in ip.values()), None)
ip = {}             # uid -> pod IP
sandbox = {}        # uid -> start time
restarts = {}       # (uid, container) -> (image, restart count)


def podpath(p, sub=''):
    return '/api/v1/namespaces/%s/pods/%s%s' % (p['metadata']['namespace'], p['metadata']['name'], sub)


def bad(image):
    tag = image.split('@')[0].rsplit('/', 1)[-1].partition(':')[2]
    return a.bad in tag


def image_id(image):
    repo, _, digest = image.partition('@')
    return image if digest else '%s@sha256:%s' % (repo.rsplit(':', 1)[0] if ':' in repo.rsplit('/', 1)[-1] else repo,
                                                   hashlib.sha256(image.encode()).hexdigest())


def container_id(uid, name, n):
    return 'containerd://' + hashlib.sha256(('%s/%s/%d' % (uid, name, n)).encode()).hexdigest()


def status(p, backoff=False, done=False):
    uid, spec, now = p['metadata']['uid'], p['spec'], stamp()
    broken = [c for c in spec.get('initContainers', []) + spec['containers'] if bad(c['image'])]
    initbad = [c for c in spec.get('initContainers', []) if bad(c['image'])]
    u = ip.setdefault(uid, next(ips))
    addr = '10.244.%d.%d' % (u // 250 % 250, u % 250 + 1)
    started = sandbox.setdefault(uid, now)

    def one(c, init=False):
        img, n = restarts.get((uid, c['name']), (c['image'], 0))
        if img != c['image']:
            n += 1
        restarts[uid, c['name']] = (c['image'], n)
        s = {'name': c['name'], 'image': c['image'], 'imageID': '', 'restartCount': n, 'ready': False, 'started': False}
        if bad(c['image']):
            s['state'] = {'waiting': {'reason': 'ImagePullBackOff', 'message': 'Back-off pulling image "%s"' % c['image']} if backoff else
                          {'reason': 'ErrImagePull', 'message': 'failed to pull and unpack image "%s": not found' % c['image']}}
        elif initbad and not init:
            s['state'] = {'waiting': {'reason': 'PodInitializing'}}
        elif done or init:
            s.update(imageID=image_id(c['image']), containerID=container_id(uid, c['name'], n), ready=init,
                     state={'terminated': {'exitCode': 0, 'reason': 'Completed', 'startedAt': started, 'finishedAt': now,
                                           'containerID': container_id(uid, c['name'], n)}})
        else:
            s.update(imageID=image_id(c['image']), containerID=container_id(uid, c['name'], n), ready=True, started=True,
                     state={'running': {'startedAt': now}})
        s['state'] = {k: s['state'].get(k) for k in ('waiting', 'running', 'terminated')}   # null removes the old one
        return s

    old = {c['type']: c for c in p.get('status', {}).get('conditions') or []}

    def cond(kind, ok, reason=None, message=None):
        c = {'type': kind, 'status': 'True' if ok else 'False', 'reason': reason, 'message': message, 'lastProbeTime': None}
        if old.get(kind, {}).get('status') != c['status']:
            c['lastTransitionTime'] = now
        return c

    ready = not broken and not done
    why = ('PodCompleted', None) if done else ('ContainersNotReady', 'containers with unready status: [%s]' % ' '.join(c['name'] for c in broken))
    st = {'phase': 'Succeeded' if done else 'Pending' if broken else 'Running', 'hostIP': '127.0.0.1', 'podIP': addr,
          'podIPs': [{'ip': addr}], 'startTime': started,
          'containerStatuses': [one(c) for c in spec['containers']],
          'conditions': [cond('Initialized', not initbad, 'PodCompleted' if done else None),
                         cond('Ready', ready, *(() if ready else why)), cond('ContainersReady', ready, *(() if ready else why))]}
    if MINOR >= 29:
        st['hostIPs'] = [{'ip': '127.0.0.1'}]
        st['conditions'].append(cond('PodReadyToStartContainers', not done))
    if MINOR >= 34 and p['metadata'].get('generation'):
        st['observedGeneration'] = p['metadata']['generation']
        for c in st['conditions']:
            c['observedGeneration'] = p['metadata']['generation']
    if spec.get('initContainers'):
        st['initContainerStatuses'] = [one(c, True) for c in spec['initContainers']]
    return st


def report(uid, backoff=False, done=False):
    p = pods.get(uid)
    if p is None or p['metadata'].get('deletionTimestamp'):
        return
    st = status(p, backoff, done)
    code, r = call('PATCH', podpath(p, '/status'), {'metadata': {'uid': uid}, 'status': st}, SMP)
    if code in (404, 409):      # gone, or another pod of that name by now
        return
    if code != 200:
        raise OSError('%s %s' % (code, r.get('message')))
    log('pod', p['metadata']['namespace'] + '/' + p['metadata']['name'], st['phase'], 'ready' if st['conditions'][1]['status'] == 'True' else 'not ready',
        ' '.join(c['image'] for c in p['spec']['containers']))
    if any(bad(c['image']) for c in p['spec'].get('initContainers', []) + p['spec']['containers']):
        if not backoff:
            later(max(a.delay, 0.2), uid, 'report', lambda: report(uid, backoff=True))
    elif not done and p['spec'].get('restartPolicy', 'Always') != 'Always':
        later(a.job, uid, 'report', lambda: report(uid, done=True))


def remove(uid):
    p = pods.get(uid)
    if p is None:
        return
    code, r = call('DELETE', podpath(p), {'kind': 'DeleteOptions', 'apiVersion': 'v1', 'gracePeriodSeconds': 0, 'preconditions': {'uid': uid}})
    if code not in (200, 202, 404, 409):
        raise OSError('%s %s' % (code, r.get('message')))
    log('pod', p['metadata']['namespace'] + '/' + p['metadata']['name'], 'removed')


def images(p):
    return tuple((c['name'], c['image']) for c in p['spec'].get('initContainers', []) + p['spec']['containers'])


def pod(kind, o):
    if kind == 'LIST':
        live = {p['metadata']['uid'] for p in o}
        for uid in set(pods) - live:
            forget(uid)
        for p in o:
            pod('ADDED', p)
        return
    uid = o['metadata']['uid']
    if kind == 'DELETED':
        return forget(uid)
    pods[uid] = o
    if o['metadata'].get('deletionTimestamp'):
        if seen.get(uid) != 'term':
            seen[uid] = 'term'
            with wake:
                current.pop((uid, 'report'), None)
            later(a.term, uid, 'remove', lambda: remove(uid))
    elif o.get('status', {}).get('phase') in ('Succeeded', 'Failed'):
        pass
    elif seen.get(uid) != images(o):
        first = uid not in seen
        seen[uid] = images(o)
        have = {c['name']: c for c in o.get('status', {}).get('containerStatuses') or []}
        if first and have and all(have.get(c['name'], {}).get('image') == c['image'] for c in o['spec']['containers']):
            # a restart of this program: the pod is already as it should be
            ip[uid] = next(ips) if not o['status'].get('podIP') else int(o['status']['podIP'].split('.')[2]) * 250 + int(o['status']['podIP'].split('.')[3]) - 1
            sandbox[uid] = o['status'].get('startTime', stamp())
            restarts.update({(uid, n): (c['image'], c['restartCount']) for n, c in have.items()})
            if o['status']['phase'] == 'Running' and o['spec'].get('restartPolicy', 'Always') == 'Always':
                return
        later(a.delay, uid, 'report', lambda: report(uid))


def forget(uid):
    for d in (pods, seen, ip, sandbox):
        d.pop(uid, None)
    for k in [k for k in restarts if k[0] == uid]:
        del restarts[k]
    with wake:
        for k in ('report', 'remove'):
            current.pop((uid, k), None)


def unbound(kind, o):
    for p in o if kind == 'LIST' else [o] if kind in ('ADDED', 'MODIFIED') else []:
        if not p['spec'].get('nodeName') and not p['metadata'].get('deletionTimestamp') and not p['spec'].get('schedulingGates'):
            todo.put(('bind', p['metadata']['uid'], lambda p=p: bind(p)))


def bind(p):
    code, r = call('POST', podpath(p, '/binding'), {'apiVersion': 'v1', 'kind': 'Binding', 'target': {'apiVersion': 'v1', 'kind': 'Node', 'name': a.node},
                                                    'metadata': {'name': p['metadata']['name'], 'namespace': p['metadata']['namespace'], 'uid': p['metadata']['uid']}})
    if code not in (200, 201, 404, 409):
        raise OSError('%s %s' % (code, r.get('message')))


# ---- the node ----
NODE, LEASE = '/api/v1/nodes', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'


def register():
    room = {'cpu': '64', 'memory': '256Gi', 'pods': '500', 'ephemeral-storage': '1Ti'}
    n = {'apiVersion': 'v1', 'kind': 'Node', 'metadata': {'name': a.node, 'labels': {
        'kubernetes.io/hostname': a.node, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64'}}}
    code, r = call('POST', NODE, n)
    if code not in (201, 409):
        raise OSError('node: %s %s' % (code, r.get('message')))
    now = stamp()
    conds = [{'type': 'Ready', 'status': 'True', 'reason': 'KubeletReady', 'message': 'fakekubelet is posting ready status'}] + [
        {'type': t + 'Pressure', 'status': 'False', 'reason': 'KubeletHasNo' + t + 'Pressure', 'message': 'none'} for t in ('Memory', 'Disk', 'PID')]
    st = {'capacity': room, 'allocatable': room, 'addresses': [{'type': 'InternalIP', 'address': '127.0.0.1'}, {'type': 'Hostname', 'address': a.node}],
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
thread(watch, NODE, 'fieldSelector=' + quote('metadata.name=' + a.node), node)
if a.bind:
    thread(watch, '/api/v1/pods', 'fieldSelector=' + quote('spec.nodeName='), unbound)
watch('/api/v1/pods', 'fieldSelector=' + quote('spec.nodeName=' + a.node), pod)
