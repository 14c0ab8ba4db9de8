"""One bad image among 50: how soon it is told, how soon the way back begins, and how soon everything is back and proven."""
import datetime
import json

from cluster import complete
from measure import Failed, Figure, Row, Run, progress, quiet, wall_clock
from setting import Helm, descriptor, image

TELLING, ROLLBACK = 20, 60      # Helm's timeouts, in seconds


def seconds(timestamp):
    """Of an audit event or the node's log, since 1970."""
    return datetime.datetime.fromisoformat(timestamp.replace('Z', '+00:00')).timestamp()


class Failure:
    """One run that deployed the bad image, told from the logs of the node and the API server, whose clock is this machine's.
    `bad` and `back` are the moments at which the API server received the request; `back` is None where nothing was written twice."""

    def __init__(self, cluster, namespace, pod, work):
        quiet()
        audit, node = cluster.log_mark('audit'), cluster.log_mark('fakekubelet')
        self.run = work()
        events = cluster.audited(audit, lambda e: (e.get('objectRef') or {}).get('namespace') == namespace.name
                                 and e['verb'] in ('patch', 'update') and e['responseStatus']['code'] == 200)
        self.bad = self.first_bad_status(cluster, namespace, pod, node, events)
        self.back = self.first_patch_back(events)
        self.ended = wall_clock(self.run.ended)

    @staticmethod
    def first_bad_status(cluster, namespace, pod, mark, events):
        # The audit log has no bodies. The node logs each status after it is written and before it writes the pod's next.
        with open(cluster.state + '/log/fakekubelet.log') as log:
            log.seek(mark)
            told = next((line for line in log if '/%s/pods/%s ' % (namespace.name, pod) in line and 'ErrImagePull' in line), None)
        if told is None:
            raise Failed('no pod failed to pull its image')
        logged = seconds(told.split()[0]) + 0.001
        return max(seconds(e['requestReceivedTimestamp']) for e in events
                   if e['objectRef']['resource'] == 'pods' and e['objectRef']['name'] == pod
                   and e.get('userAgent', '').startswith('fakekubelet') and seconds(e['requestReceivedTimestamp']) <= logged)

    def first_patch_back(self, events):
        """A workload's second write that the API server took: the first of each brought the new version, which some may get
        after the failure."""
        written = set()
        for event in sorted(events, key=lambda e: e['requestReceivedTimestamp']):
            target = event['objectRef']
            if target['resource'] != 'statefulsets' or target.get('subresource'):
                continue
            if target['name'] in written and seconds(event['requestReceivedTimestamp']) >= self.bad:
                return seconds(event['requestReceivedTimestamp'])
            written.add(target['name'])
        return None


def state(setting, namespace, images):
    """What kubectl says: (in words, whether every workload runs its image, proven and ready)."""
    found = json.loads(Run([setting.kubectl, '--kubeconfig', setting.cluster.kubeconfig, '--namespace', namespace.name,
                            'get', 'statefulsets,pods', '--output', 'json']).out)['items']
    sets = {o['metadata']['name']: o for o in found if o['kind'] == 'StatefulSet'}
    pods = {o['metadata']['name']: o for o in found if o['kind'] == 'Pod'}
    wrong = []
    for name, wanted in images.items():
        pod = pods.get(name + '-0', {'spec': {'containers': [{'image': None}]}, 'status': {}})
        ready = any(c['type'] == 'Ready' and c['status'] == 'True' for c in pod['status'].get('conditions') or [])
        if not (complete(sets[name], wanted) and ready and pod['spec']['containers'][0]['image'] == wanted):
            states = pod['status'].get('containerStatuses') or [{'state': {}}]
            template = sets[name]['spec']['template']['spec']['containers'][0]['image']
            wrong.append('%s: template %s, pod %s' % (name, 'old' if template == wanted else 'new',
                                                      (states[0]['state'].get('waiting') or {}).get('reason', 'not ready')))
    words = 'kubectl afterwards: %d of %d run the old version and are ready' % (len(images) - len(wrong), len(images))
    return words + (' (%s)' % '; '.join(wrong[:3]) if wrong else ''), not wrong


def bad_image(setting):
    names = ['app-%02d' % i for i in range(50)]
    broken = names[25]
    told, first, back = [], [], []
    memory, words = 0, None
    if setting.descry:
        namespace = setting.cluster.namespace('bench-bad')
        environment = setting.granted(namespace)
        namespace.create(names, lambda n: image(n, 0), 1)
        number = setting.next()     # by Descry, so that none but itself has set what it is to change
        setting.repository.commit(descriptor(names, number))
        setting.apply(environment)
        before = {n: image(n, number) for n in names}
        for round in range(setting.rounds):
            setting.repository.commit(descriptor(names, setting.next(), bad=(broken,)))
            failure = Failure(setting.cluster, namespace, broken + '-0',
                              lambda: setting.apply(environment, check=False, mark=b': failed: '))
            run = failure.run
            words, is_back = state(setting, namespace, before)
            if run.code != 3 or not is_back or run.marked is None or failure.back is None:
                raise Failed('descry ended with %d where it had to take a failed rollout back; %s:\n%s%s' % (
                    run.code, words, run.out[-1500:], run.err[-1500:]))
            told.append(wall_clock(run.marked) - failure.bad)
            first.append(failure.back - failure.bad)
            back.append(failure.ended - failure.bad)
            memory = max(memory, run.memory)
            progress('round %d of %d: told after %.3f s, first patch back after %.3f s, all proven back after %.3f s (%.3f s in all), %s' % (
                round + 1, setting.rounds, told[-1], first[-1], back[-1], run.seconds, words))
    peers = helm(setting, names, broken) if setting.helm else [{'helm upgrade': 'no helm found'}] * 3

    def figure(values, note=None):
        return Figure(values, memory, note) if values else None
    return [Row('one bad image among 50: first bad pod status → it is told', '≤ 2 s', figure(told), peers[0], lambda: max(told) <= 2),
            Row('the same → first patch of the rollback', '≤ 2 s', figure(first), peers[1], lambda: max(first) <= 2),
            Row('the same → all 50 proven back', '≤ 15 s', figure(back, 'exit 3, ' + (words or '')), peers[2], lambda: max(back) <= 15)]


def helm(setting, names, broken):
    """The peers of the three rows."""
    release = Helm(setting, names, 'bench-bad-helm')
    cluster, namespace, pod = setting.cluster, release.namespace, broken + '-0'

    def fail(*more):
        failure = Failure(cluster, namespace, pod, lambda: release.upgrade(setting.next(), *more, bad=(broken,), check=False))
        if failure.run.code != 1:
            raise Failed('helm ended with %d where a rollout had to fail:\n%s' % (failure.run.code, failure.run.err[-1500:]))
        return failure

    def mend():
        """A new version, and the stuck pod deleted: a StatefulSet does not replace it by itself (kubernetes#67250)."""
        number = setting.next()
        release.upgrade(number)
        cluster.call('DELETE', namespace.core + 'pods/' + pod, accept=(200, 404))
        release.settle(number)
        return {n: image(n, number) for n in names}

    failure = fail('--wait', '--timeout', '%ds' % TELLING)
    telling = Figure([failure.ended - failure.bad], failure.run.memory, 'its timeout, here %d s' % TELLING)
    known = Run([setting.helm, 'upgrade', '--help']).out
    flag = next((f for f in ('--rollback-on-failure', '--atomic') if f in known), None)
    if not flag:
        raise Failed('this helm knows neither --rollback-on-failure nor --atomic')
    first, back, memory, words = [], [], 0, None
    for round in range(setting.helm_rollbacks):
        before = mend()
        failure = fail('--wait', flag, '--timeout', '%ds' % ROLLBACK)
        words, _ = state(setting, namespace, before)
        if failure.back is None:
            raise Failed('helm has written nothing back:\n' + failure.run.err[-1500:])
        first.append(failure.back - failure.bad)
        back.append(failure.ended - failure.bad)
        memory = max(memory, failure.run.memory)
        progress('helm %d of %d: first patch back after %.3f s, its end after %.3f s (%.3f s in all), %s' % (
            round + 1, setting.helm_rollbacks, first[-1], back[-1], failure.run.seconds, words))
    name = 'helm upgrade --wait %s --timeout %ds' % (flag, ROLLBACK)
    if not first:
        return [{'helm upgrade --wait': telling}] + [{name: 'not measured'}] * 2
    return [{'helm upgrade --wait': telling}, {name: Figure(first, memory)},
            {name: Figure(back, memory, 'exit %d, %s' % (failure.run.code, words))}]
