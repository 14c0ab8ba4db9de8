"""The API server of the run: workloads, tokens, a watch to know when a rollout is complete, and the audit log."""
import http.client
import json
import os
import socket
import ssl
import threading
import time
from urllib.parse import urlsplit

from measure import Failed

RULES = [{'apiGroups': ['apps'], 'resources': ['statefulsets'], 'verbs': ['get', 'list', 'watch', 'patch']},
         {'apiGroups': [''], 'resources': ['pods'], 'verbs': ['get', 'list', 'watch']}]
# What Helm needs besides, to keep its releases and to create.
HELM_RULES = [{'apiGroups': ['apps'], 'resources': ['*'], 'verbs': ['*']},
              {'apiGroups': [''], 'resources': ['pods', 'secrets', 'configmaps'], 'verbs': ['*']}]


class Cluster:
    def __init__(self, state):
        self.state, self.server = state, open(state + '/server').read().strip()
        self.authority, self.kubeconfig = state + '/ca.crt', state + '/admin.kubeconfig'
        self.tls = ssl.create_default_context(cafile=self.authority)
        self.tls.load_cert_chain(state + '/admin.crt', state + '/admin.key')
        self.connection = None

    def connect(self, timeout):
        address = urlsplit(self.server)
        return http.client.HTTPSConnection(address.hostname, address.port, context=self.tls, timeout=timeout)

    def call(self, method, path, body=None, kind='application/json', accept=(200, 201, 202)):
        if self.connection is None:
            self.connection = self.connect(60)
        self.connection.request(method, path, None if body is None else json.dumps(body), {'Content-Type': kind})
        answer = self.connection.getresponse()
        raw = answer.read()
        if answer.status not in accept:
            raise Failed('%s %s: %d %s' % (method, path, answer.status, raw[:500].decode(errors='replace')))
        return json.loads(raw) if raw[:1] == b'{' else {}

    def audited(self, mark, matches):
        """The answered requests that match, since the mark (a size of the audit log) and up to now."""
        marker = 'marker-%d' % time.monotonic_ns()
        self.call('GET', '/api/v1/namespaces/default/configmaps/' + marker, accept=(404,))
        end, found = time.monotonic() + 10, []
        with open(self.state + '/log/audit.log', 'rb') as log:
            log.seek(mark)
            while True:
                line = log.readline()
                if line.endswith(b'\n'):
                    if marker.encode() in line:
                        return found
                    event = json.loads(line)
                    if event['stage'] == 'ResponseComplete' and matches(event):
                        found.append(event)
                elif time.monotonic() > end:
                    raise Failed('the audit log does not come to its end')
                else:
                    log.seek(-len(line), os.SEEK_CUR)
                    time.sleep(0.01)

    def log_mark(self, name):
        return os.path.getsize('%s/log/%s.log' % (self.state, name))

    def namespace(self, name):
        self.call('POST', '/api/v1/namespaces', {'metadata': {'name': name}})
        return Namespace(self, name)


class Namespace:
    def __init__(self, cluster, name):
        self.cluster, self.name, self.core = cluster, name, '/api/v1/namespaces/%s/' % name
        self.sets = '/apis/apps/v1/namespaces/%s/statefulsets' % name

    def account(self, name, rules):
        """A new ServiceAccount with these rules: (path of its token, path of its kubeconfig)."""
        call, rbac = self.cluster.call, '/apis/rbac.authorization.k8s.io/v1/namespaces/%s/' % self.name
        call('POST', self.core + 'serviceaccounts', {'metadata': {'name': name}})
        call('POST', rbac + 'roles', {'metadata': {'name': name}, 'rules': rules})
        call('POST', rbac + 'rolebindings', {'metadata': {'name': name}, 'roleRef': {
            'apiGroup': 'rbac.authorization.k8s.io', 'kind': 'Role', 'name': name},
            'subjects': [{'kind': 'ServiceAccount', 'name': name, 'namespace': self.name}]})
        return self.access(name)

    def token_path(self, name):
        return '%s/%s-%s.token' % (self.cluster.state, self.name, name)

    def access(self, name):
        """The same of a ServiceAccount that is there."""
        token = self.cluster.call('POST', self.core + 'serviceaccounts/%s/token' % name,
                                  {'spec': {'expirationSeconds': 7200}})['status']['token']
        kubeconfig = '%s/%s-%s.kubeconfig' % (self.cluster.state, self.name, name)
        with open(os.open(self.token_path(name), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), 'w') as file:
            file.write(token)
        with open(os.open(kubeconfig, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), 'w') as file:
            json.dump({'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'c',
                       'clusters': [{'name': 'c', 'cluster': {'server': self.cluster.server, 'certificate-authority': self.cluster.authority}}],
                       'users': [{'name': 'c', 'user': {'token': token}}],
                       'contexts': [{'name': 'c', 'context': {'cluster': 'c', 'user': 'c', 'namespace': self.name}}]}, file)
        return self.token_path(name), kubeconfig

    def create(self, names, image, replicas):
        for name in names:
            self.cluster.call('POST', self.sets, stateful_set(name, image(name), replicas))

    def watch(self):
        return Watch(self)

    def requests(self, user, mark):
        """Audited requests of the account since the mark."""
        account = 'system:serviceaccount:%s:%s' % (self.name, user)
        return self.cluster.audited(mark, lambda event: event['user']['username'] == account)


def stateful_set(name, image, replicas):
    return {'apiVersion': 'apps/v1', 'kind': 'StatefulSet', 'metadata': {'name': name}, 'spec': {
        'serviceName': name, 'replicas': replicas, 'selector': {'matchLabels': {'app': name}},
        'template': {'metadata': {'labels': {'app': name}}, 'spec': {
            'terminationGracePeriodSeconds': 0, 'containers': [{'name': name, 'image': image}]}}}}


def complete(found, image):
    """The rule of `kubectl rollout status`, and that it is this image that was rolled out."""
    spec, status = found['spec'], found.get('status', {})
    wanted = spec['replicas']
    return (spec['template']['spec']['containers'][0]['image'] == image
            and status.get('observedGeneration', 0) >= found['metadata']['generation']
            and status.get('updatedReplicas', 0) == wanted and status.get('readyReplicas', 0) == wanted
            and status.get('currentRevision') == status.get('updateRevision'))


class Watch:
    """Follows the StatefulSets of a namespace, to know when each was as awaited."""

    def __init__(self, namespace):
        self.changed, self.sets, self.stopped = threading.Condition(), {}, False
        listed = namespace.cluster.call('GET', namespace.sets)
        self.sets.update({o['metadata']['name']: o for o in listed.get('items') or []})
        self.connection = namespace.cluster.connect(None)  # a namespace may be quiet for long
        self.connection.request('GET', '%s?watch=1&resourceVersion=%s&timeoutSeconds=3600' % (
            namespace.sets, listed['metadata']['resourceVersion']))
        threading.Thread(target=self.follow, args=(self.connection.getresponse(),), daemon=True).start()

    def follow(self, stream):
        try:
            for line in stream:
                event = json.loads(line)
                with self.changed:
                    found = event['object']
                    if event['type'] == 'ERROR':
                        raise Failed('watch: %s' % found.get('message'))
                    if event['type'] == 'DELETED':
                        self.sets.pop(found['metadata']['name'], None)
                    else:
                        self.sets[found['metadata']['name']] = found
                    self.changed.notify_all()
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            if not self.stopped:
                raise

    def complete(self, images, timeout=120):
        """Waits until every named StatefulSet runs its image, and returns the moment the last was seen to."""
        end = time.monotonic() + timeout
        with self.changed:
            while True:
                open_ones = [n for n, image in images.items() if n not in self.sets or not complete(self.sets[n], image)]
                if not open_ones:
                    return time.monotonic()
                if not self.changed.wait(end - time.monotonic()):
                    raise Failed('after %d s not rolled out: %s' % (timeout, ', '.join(open_ones[:5])))

    def close(self):
        self.stopped = True
        if self.connection.sock:
            self.connection.sock.shutdown(socket.SHUT_RDWR)
