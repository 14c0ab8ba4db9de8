"""What becomes of a container, told as the statuses that a kubelet with containerd would write.

The image decides. A reference that does not parse is InvalidImageName; else a word in its tag, between hyphens or dots,
chooses the story. Versions that Descry deploys end in a SHA, which cannot hold every word: there its first digits do.

  bad         bad0001  cannot be pulled: ErrImagePull, then ImagePullBackOff
  config      bad0002  its Secret is missing: CreateContainerConfigError
  exec        bad0003  its entry point is missing: RunContainerError (exit code 128, StartError), then CrashLoopBackOff
  oom         bad0004  killed for memory at once: OOMKilled (137), then CrashLoopBackOff
  crash       bad0005  exits at once with 1: terminated, restarted at once, then CrashLoopBackOff with 10 s, 20 s, 40 s …
  crashlater  bad0006  runs and is ready for two seconds, then as crash
  unready     bad0007  runs and never becomes ready
  slow        bad0008  runs, and becomes ready three seconds later
  sick        bad0009  runs and is ready, and answers by HTTP that it is not healthy
  any other            runs and is ready

Reasons and messages are those of pkg/kubelet (images/types.go, container/sync_result.go, kuberuntime_manager.go
doBackOff, status/generate.go, kubelet_pods.go getPhase) and of containerd.
"""
import hashlib
import re
import time

REFERENCE = re.compile(
    r'^(?:(?:[A-Za-z0-9.-]+(?::[0-9]+)?)/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$')
WORDS = ('bad', 'config', 'exec', 'oom', 'crash', 'crashlater', 'unready', 'slow', 'sick')
SLOW, LATE = 3.0, 2.0


def stamp(seconds=None):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(seconds))


def tag(image):
    return image.split('@')[0].rsplit('/', 1)[-1].partition(':')[2]


def fate(image):
    words = re.split('[-.]', tag(image))
    return next((w for i, w in enumerate(WORDS) if w in words or words[-1].startswith('bad000%d' % (i + 1))), None)


def image_id(image):
    repository, _, digest = image.partition('@')
    head, colon, last = repository.rpartition(':')
    name = head if colon and '/' not in last else repository
    return image if digest else '%s@sha256:%s' % (name, hashlib.sha256(image.encode()).hexdigest())


class Story:
    """One container's statuses in time: iterating gives (status, seconds until the next one or None for ever)."""

    def __init__(self, pod, container, init, delay, restarts=0):
        meta = pod['metadata']
        self.pod = '%s_%s(%s)' % (meta['name'], meta['namespace'], meta['uid'])
        self.uid, self.name, self.image = meta['uid'], container['name'], container['image']
        self.init, self.delay, self.restarts = init, delay, restarts
        policy = pod['spec'].get('restartPolicy', 'Always')
        self.once, self.never = init or policy != 'Always', policy == 'Never' and not init

    def __iter__(self):
        what = fate(self.image)
        if not REFERENCE.match(self.image):
            yield self.waiting('InvalidImageName', 'Failed to apply default image tag "%s": couldn\'t parse image reference '
                               '"%s": invalid reference format' % (self.image, self.image)), None
        yield self.waiting('ContainerCreating'), self.delay
        if what == 'bad':
            yield self.waiting('ErrImagePull', 'rpc error: code = NotFound desc = failed to pull and unpack image "%s": '
                               'failed to resolve reference "%s": %s: not found' % ((self.image,) * 3)), max(self.delay, 0.2)
            yield self.waiting('ImagePullBackOff', 'Back-off pulling image "%s"' % self.image), None
        if what == 'config':
            yield self.waiting('CreateContainerConfigError', 'secret "%s-config" not found' % self.name), None
        if what == 'exec':
            why = ('failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: '
                   'unable to start container process: exec: "/app": stat /app: no such file or directory: unknown')
            if self.never:
                yield self.ended('StartError', 128, why), None
            yield from self.crashing('StartError', 128, why, first=lambda ended: self.waiting('RunContainerError', why, ended))
        if what == 'oom':
            yield from self.crashing('OOMKilled', 137)
        if what == 'crashlater':
            yield self.running(True), LATE
        if what in ('crash', 'crashlater'):
            yield from self.crashing('Error', 1)
        if self.once:
            if not self.init:
                yield self.running(True), 1.0
            yield self.ended('Completed', 0), None
        if what == 'unready':
            yield self.running(False), None
        if what == 'slow':
            yield self.running(False), SLOW
        yield self.running(True), None

    def crashing(self, reason, code, message=None, first=None):
        """Ends, is restarted at once, ends again, and from then on waits longer and longer between the tries."""
        wait = 10
        ended = self.ended(reason, code, message)
        yield (first(ended) if first else ended), 0.3
        while True:
            self.restarts += 1
            ended = self.ended(reason, code, message)
            words = '%dm%ds' % divmod(wait, 60) if wait >= 60 else '%ds' % wait
            yield self.waiting('CrashLoopBackOff', 'back-off %s restarting failed container=%s pod=%s'
                               % (words, self.name, self.pod), ended), wait
            wait = min(wait * 2, 300)

    # ---- one status -----------------------------------------------------------------------------------------------
    def status(self, state, value, ready=False, last=None):
        container = state != 'waiting'
        return {'name': self.name, 'image': self.image, 'imageID': image_id(self.image) if container or last else '',
                'containerID': self.container_id() if container or last else None, 'restartCount': self.restarts,
                'ready': ready, 'started': state == 'running',
                # null takes away what an earlier status had: the status is patched, lists merged by name
                'state': {k: value if k == state else None for k in ('waiting', 'running', 'terminated')},
                'lastState': {'terminated': last['state']['terminated'] if last else None}}

    def container_id(self):
        return 'containerd://' + hashlib.sha256(('%s/%s/%d' % (self.uid, self.name, self.restarts)).encode()).hexdigest()

    def waiting(self, reason, message=None, last=None):
        return self.status('waiting', {'reason': reason, 'message': message}, last=last)

    def running(self, ready):
        return self.status('running', {'startedAt': stamp()}, ready=ready)

    def ended(self, reason, code, message=None):
        return self.status('terminated', {'reason': reason, 'message': message, 'exitCode': code, 'startedAt': stamp(),
                                          'finishedAt': stamp(), 'containerID': self.container_id()},
                           ready=self.init and code == 0)


def phase(restart, inits, containers):
    """kubelet_pods.go getPhase"""
    if any((s['state']['terminated'] or {}).get('exitCode') != 0 for s in inits):
        return 'Pending'
    waiting = [s for s in containers if s['state']['waiting'] and not s['lastState']['terminated']]
    ended = [s['state']['terminated'] for s in containers if s['state']['terminated']]
    if waiting:
        return 'Pending'
    if restart == 'Always' or len(ended) < len(containers):
        return 'Running'
    if not any(e['exitCode'] for e in ended):
        return 'Succeeded'
    return 'Failed' if restart == 'Never' else 'Running'


def log(pod, container, status, previous=False):
    """What the container has written, or a ValueError with the kubelet's words (kubelet_pods.go validateContainerLogStatus)"""
    state, last = status.get('state') or {}, (status.get('lastState') or {}).get('terminated')
    waiting = (state.get('waiting') or {}).get('reason')
    if previous and not last:
        raise ValueError('previous terminated container "%s" in pod "%s" not found' % (container, pod))
    if waiting and not last:
        raise ValueError('container "%s" in pod "%s" is waiting to start: %s' % (container, pod, {
            'ErrImagePull': "image can't be pulled", 'ImagePullBackOff': 'trying and failing to pull image'}.get(waiting, waiting)))
    end = last if previous or waiting else state.get('terminated')
    begin = '%s: started %s\n' % (container, status['image'])
    if not end:
        return begin if state else ''
    if end.get('reason') == 'StartError':
        return ''
    if end.get('reason') == 'OOMKilled':
        return begin
    return begin + ('%s: error: exit code %d\n' % (container, end['exitCode']) if end['exitCode'] else '%s: done\n' % container)


def conditions(pod_phase, inits, containers, old):
    """status/generate.go; lastTransitionTime only where the status changed"""
    def one(kind, names, reason, words):
        status = 'False' if names else 'True'
        if pod_phase == 'Succeeded':
            status, reason, words = ('True' if kind == 'Initialized' else 'False'), 'PodCompleted', None
        named = reason if names or pod_phase == 'Succeeded' else None
        found = {'type': kind, 'status': status, 'reason': named, 'lastProbeTime': None,
                 'message': '%s: [%s]' % (words, ' '.join(names)) if names and words else None}
        if old.get(kind, {}).get('status') != status:
            found['lastTransitionTime'] = stamp()
        return found

    incomplete = [s['name'] for s in inits if (s['state']['terminated'] or {}).get('exitCode') != 0]
    unready = [s['name'] for s in containers if not s['ready']]
    return [one('Initialized', incomplete, 'ContainersNotInitialized', 'containers with incomplete status'),
            one('Ready', unready, 'ContainersNotReady', 'containers with unready status'),
            one('ContainersReady', unready, 'ContainersNotReady', 'containers with unready status')]
