"""A deployment repository, served over HTTP by git http-backend behind nginx, on a free port."""
import os
import shutil
import signal
import socket
import subprocess
import time

from measure import Failed

NGINX = '''
daemon off; pid {dir}/nginx.pid; worker_processes 2; error_log {dir}/error.log; {user}
events {{ worker_connections 256; }}
http {{
  log_format requests '$msec $request_time $bytes_sent $request_method $uri $http_user_agent';
  access_log {dir}/access.log requests;
  client_body_temp_path {dir}/body; fastcgi_temp_path {dir}/fastcgi; proxy_temp_path {dir}/proxy;
  uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      client_max_body_size 0;
      fastcgi_pass unix:{dir}/fcgi.sock; fastcgi_buffering off;
      fastcgi_param SCRIPT_FILENAME {backend}; fastcgi_param PATH_INFO $uri; fastcgi_param QUERY_STRING $args;
      fastcgi_param REQUEST_METHOD $request_method; fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length; fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
      fastcgi_param HTTP_GIT_PROTOCOL $http_git_protocol; fastcgi_param GIT_PROTOCOL $http_git_protocol;
      fastcgi_param REMOTE_ADDR $remote_addr; fastcgi_param GIT_HTTP_EXPORT_ALL 1; fastcgi_param GIT_PROJECT_ROOT {dir};
    }}
  }}
}}
'''


def program(name):
    found = shutil.which(name, path=os.environ.get('PATH', '') + ':/usr/sbin:/usr/local/sbin')
    if not found:
        raise Failed('no %s: apt-get install nginx-light fcgiwrap git' % name)
    return found


class Server:
    def __init__(self, directory):
        self.directory, self.children = directory, []
        with socket.create_server(('127.0.0.1', 0)) as free:
            self.port = free.getsockname()[1]
        backend = os.path.join(subprocess.check_output(['git', '--exec-path'], text=True).strip(), 'git-http-backend')
        with open(directory + '/nginx.conf', 'w') as file:
            file.write(NGINX.format(dir=directory, port=self.port, backend=backend, user='user root;' if os.getuid() == 0 else ''))
        self.start([program('fcgiwrap'), '-c', '4', '-s', 'unix:%s/fcgi.sock' % directory])
        self.start([program('nginx'), '-c', directory + '/nginx.conf', '-e', directory + '/error.log'])
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(('127.0.0.1', self.port), 1).close()
                break
            except OSError:
                if time.monotonic() > end or any(c.poll() is not None for c in self.children):
                    raise Failed('nginx or fcgiwrap did not start: see %s/error.log' % directory)
                time.sleep(0.02)

    def start(self, command):
        log = open(self.directory + '/servers.log', 'a')
        self.children.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                              start_new_session=True))

    def stop(self):
        for child in reversed(self.children):
            # To the group: the workers of fcgiwrap do not end with it.
            os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()

    def url(self, name):
        return 'http://127.0.0.1:%d/%s.git' % (self.port, name)

    def served(self, mark=0):
        """What was asked for since the mark, a position in the access log: (requests, bytes sent, seconds from the first
        request's beginning to the last answer's end, the new mark)."""
        end = time.monotonic() + 2
        while True:         # nginx writes the line once the answer is through
            with open(self.directory + '/access.log') as file:
                file.seek(mark)
                lines = [l.split(' ', 5) for l in file]
                position = file.tell()
            if lines or time.monotonic() > end:
                break
            time.sleep(0.02)
        if not lines:
            return 0, 0, 0.0, position
        began = min(float(l[0]) - float(l[1]) for l in lines)
        return len(lines), sum(int(l[2]) for l in lines), max(float(l[0]) for l in lines) - began, position


class Repository:
    """A bare repository that is written with fast-import."""

    def __init__(self, server, name):
        self.path, self.url, self.branch = os.path.join(server.directory, name + '.git'), server.url(name), 'DEV'
        subprocess.run(['git', 'init', '--quiet', '--bare', '--initial-branch', self.branch, self.path], check=True)
        self.commits = 0

    def commit(self, descriptor, count=1, filler=0):
        """Adds commits to the branch; the last one has this descriptor. `filler` other files change along the way."""
        def data(text):
            raw = text.encode()
            return b'data %d\n%s\n' % (len(raw), raw)
        stream = []
        for i in range(count):
            self.commits += 1
            stream.append(b'commit refs/heads/%s\ncommitter Bench <bench@example.org> %d +0000\n'
                          % (self.branch.encode(), 1700000000 + self.commits) + data('change %d' % self.commits))
            if i == 0 and self.commits > 1:
                stream.append(b'from refs/heads/%s^0\n' % self.branch.encode())
            if filler:
                stream.append(b'M 100644 inline apps/app-%03d/values.yaml\n' % (i % filler) + data('replicas: %d\n' % i * 40))
            if i == count - 1:
                stream.append(b'M 100644 inline deploy-descriptor.yaml\n' + data(descriptor))
        subprocess.run(['git', '-C', self.path, 'fast-import', '--quiet', '--force'], input=b''.join(stream), check=True, timeout=120)
