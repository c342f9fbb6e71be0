"""Submissions that would harm the grading, or cheat it: by kind, each with what it runs.

None of these gives a right answer, so none may get a point.
"""

# Run in one sandbox, a process for each: they attack what judges, not the machine.
CHEATS = {
    "replaced checks": [
        "check = lambda *a, **k: None",
        "import lrcourse.exercises as e\ne.check = e.same = lambda *a, **k: True",
        "np.allclose = np.array_equal = np.isclose = lambda *a, **k: True\nslope = w_1 = L = 1.0",
        "import numpy.testing as t\nt.assert_allclose = lambda *a, **k: None\nslope = 1.0",
        "import sys\nsys.modules['lrcourse.exercises'] = sys\nslope = w_1 = 1.0",
    ],
    "replaced builtins": [
        "import builtins\nbuiltins.AssertionError = Warning\nslope = w_1 = 5.0",
        "import builtins\nbuiltins.isinstance = builtins.len = lambda *a: 4\nslope = 5.0",
        "import builtins\nbuiltins.__import__ = None\nslope = 5.0",
    ],
    "objects that lie": [
        "class A(float):\n    __eq__ = __lt__ = __gt__ = lambda *a: True\n"
        "    __hash__ = None\nslope = w_1 = L = one_step = limit = his_eta = A(1)",
        "class A(np.ndarray):\n    def __array_ufunc__(self, *a, **k): return True\n"
        "slope = w_1 = L = np.ones(()).view(A)",
        "class A(list):\n    __len__ = lambda self: 4\n    __getitem__ = lambda self, i: w_0\n"
        "path = lambda *a: A()",
        "class A:\n    __array__ = lambda self, *a, **k: np.array(1.0)\nslope = w_1 = A()",
        "class A(str):\n    __eq__ = lambda *a: True\n    __hash__ = str.__hash__\nslope = A('x')",
        "class A(int):\n    __index__ = __float__ = lambda self: 1 / 0\nslope = w_1 = A(3)",
    ],
    "strange numbers": [
        "slope = w_1 = L = one_step = limit = his_eta = float('nan')",
        "slope = w_1 = L = limit = float('inf')\none_step = his_eta = -float('inf')",
        "slope = w_1 = L = 10**5000",
        "slope = w_1 = L = 1j",
        "slope = w_1 = L = np.ma.masked\nfound = lost = np.ma.masked_all(3)",
        "slope = w_1 = np.array([None, object()], dtype=object)",
        "slope = w_1 = True\nL = one_step = limit = b'1'",
        "slope = w_1 = np.zeros((0, 5, 0))\nfound = lost = np.array(['a', 'b'])",
        "slope = np.array(1, dtype='datetime64[s]')\nw_1 = np.zeros(2, dtype='f8,i4')",
    ],
    "data without end": [
        "a = []\na.append(a)\nslope = w_1 = found = a",
        "a = 1.0\nfor i in range(10**5): a = [a]\nslope = w_1 = a",
        "import itertools\nslope = w_1 = found = itertools.count()",
        "found = lost = range(10**8)",
        "slope = 'x' * 10**7\nfound = np.zeros(10**7)",
        "found = lost = {i: {i: i} for i in range(10**5)}",
    ],
    "functions that cheat": [
        "path = print",
        "def path(*a): return a",
        "def path(*a): return lambda *b: 0",
        "def path(*a): raise AssertionError('')",
        "def path(*a):\n    yield from a",
        "def path(w, eta, steps, n=[0]):\n    n[0] += 1\n    return [n[0]] * (steps + 1)",
        "class path:\n    def __new__(cls, *a): return [*a] * 4",
        "def path(w, eta, steps): return {0: w, -1: eta, **dict.fromkeys(range(1, steps + 1))}",
    ],
    "exceptions": [
        "raise type('X' * 25_000_000, (Exception,), {})('y')",
        "raise ValueError('x' * 25_000_000)",
        "class E(Exception):\n    def __str__(self): raise self\nraise E",
        "raise KeyboardInterrupt",
        "import sys\nsys.exit(0)",
        "class B(BaseException): pass\nraise B",
        "def f(): return f()\nf()",
        "raise BaseExceptionGroup('g', [KeyboardInterrupt()] * 10_000)",
        "exec('(' * 5_000)",
    ],
    "hooks": [
        "import sys\nsys.settrace(lambda *a: 1 / 0)\nsys.setprofile(lambda *a: 1 / 0)",
        "import sys\nsys.excepthook = sys.unraisablehook = sys.displayhook = None\n1 / 0",
        "import atexit, os\natexit.register(os._exit, 0)",
        "import sys\nsys.meta_path.clear()\nsys.path_hooks.clear()\nimport colorsys",
        "import sys\nsys.stdout = sys.stderr = None",
        "import gc\ngc.freeze()\n[setattr(o, '__class__', dict) for o in ()]\n"
        "for o in gc.get_objects()[:2000]:\n    getattr(o, 'clear', int)",
    ],
    "a program of its own for what sends the answers": [
        "import __main__ as m\nm.encode = lambda *a: {'array': ['O'], 'shape': [10**9]}\nslope = 1",
        "import __main__ as m\nm.encode = lambda *a: {'pickle': 'gASV'}\nslope = w_1 = 1",
        "import __main__ as m\nm.encode = lambda *a: {'set': [[1]]}\nslope = w_1 = 1",
        "import __main__ as m\nm.encode = lambda *a: {'dict': [1]}\nslope = w_1 = 1",
        "import __main__ as m\nm.encode = lambda *a: {'array': [1], 'shape': [-7, 'x']}\nslope = 1",
        "import __main__ as m\nm.kept = lambda *a: {'value': None, 'score': 99}\nslope = 1",
        "import __main__ as m\nm.kept = lambda *a: {'raised': 'x' * 10**6}\nslope = w_1 = 1",
        "import __main__ as m\nm.decode = m.told = m.shown = None\nslope = w_1 = 1",
        "import json\njson.dumps = lambda *a, **k: '[[[[' * 10**5\nslope = 1",
    ],
    "a look for the tests": [
        "import gc\nprint([o for o in gc.get_objects() if 'HIDDEN' in str(o)[:10**5]][:0])\n"
        "print('SEEN', sum(''.join(['Compute the ', 'slope anew']) in s for s in\n"
        "    gc.get_referents(*gc.get_objects()) if isinstance(s, str)))",
        "import sys\nf = sys._getframe()\nwhile f: print(str(f.f_locals)[:3000]); f = f.f_back",
        "import os\nprint(os.environ, os.listdir('/'), os.listdir(os.getcwd()))",
        "import glob\nprint('SEEN', len(glob.glob('/**/*.ipynb', recursive=True)),\n"
        "    len(glob.glob('/**/gradebook*', recursive=True)))",
        "import os\nfor n in range(40):\n    try: print(n, os.readlink(f'/proc/self/fd/{n}'))\n"
        "    except OSError: pass",
        "try:\n    import tools.grading\n    print('SEEN', 1)\n"
        "except ImportError: print('SEEN', 0)",
        "print('SEEN', len(__import__('subprocess').run(['ls', '/work', '/home', '/etc/passwd'],\n"
        "    capture_output=True).stdout))",
    ],
    "what walls must hold": [
        "import socket\nfor f in (2, 10, 1, 16, 17, 38, 40):\n    try:\n"
        "        socket.socket(f); print('SEEN', f)\n    except OSError: pass",
        "import socket\nsocket.socketpair(); print('SEEN')",
        "import socket\nsocket.getaddrinfo('example.org', 80); print('SEEN')",
        "open('/proc/sys/kernel/core_pattern', 'w').write('|x'); print('SEEN')",
        "import os\nos.setuid(0); print('SEEN')",
        "import os\nfor p in ('/', '/dev', '/usr', '/inside.py', np.__file__, '/proc/1'):\n"
        "    try:\n        open(p + '/x' if os.path.isdir(p) else p, 'a'); print('SEEN', p)\n"
        "    except OSError: pass",
        "import ctypes\nc = ctypes.CDLL(None)\n"
        "print('SEEN' if c.unshare(0x10000000) == 0 else 'no')",
        "import ctypes\nc = ctypes.CDLL(None)\np = c.syscall(425, 8, 0)\n"
        "print('SEEN' if p >= 0 else 'no')",
        "import ctypes\nc = ctypes.CDLL(None)\n"
        "print('SEEN' if c.mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0 else 'no')",
        "import ctypes\nc = ctypes.CDLL(None)\n"
        "print('SEEN' if c.shmget(0, 2**20, 0o1600) >= 0 else 'no')",
        "import os\nos.memfd_create('x'); print('SEEN')",
        "open('a', 'wb').write(bytes(2**26)); print('SEEN')",
        "for i in range(9): open(f'/dev/shm/{i}', 'wb').write(bytes(2**22))\nprint('SEEN')",
    ],
}  # fmt: skip

# Each in a sandbox of its own, with little time: what it runs, and how it ends (None: as it likes).
VIOLENT = {
    "endless": ("while True: pass", ""),
    "asleep": ("import time\ntime.sleep(1000)", ""),
    "endless in C": ("set([i * (2**61 - 1) for i in range(1, 90_001)])", "time"),
    "deaf": (
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 60))\nwhile True: pass",
        "time",
    ),
    "stops itself": ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", "time"),
    "catches its end": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass", None,
    ),
    "exits": ("import os\nos._exit(0)", "died"),
    "kills all": (
        "import os\ntry: os.kill(-1, 9)\nexcept OSError: pass\nos.kill(os.getpid(), 9)", "died",
    ),
    "segfault": ("import ctypes\nctypes.string_at(0)", "died"),
    "memory": ("a = []\nwhile True: a.append(bytearray(2**24))", ""),
    "memory of children": (
        "import os, time\nfor i in range(6):\n    if os.fork() == 0:\n"
        "        a = b'x' * (150 * 2**20)\n        time.sleep(60)\ntime.sleep(60)", "memory",
    ),
    "shared memory": (
        "import mmap, os, time\nfor i in range(6):\n    if os.fork() == 0:\n"
        "        m = mmap.mmap(-1, 90 * 2**20)\n        m.write(b'x' * len(m))\n"
        "        time.sleep(60)\ntime.sleep(60)",
        "memory",
    ),
    "forks": (
        "import os, time\nwhile True:\n    try:\n        if os.fork() == 0: time.sleep(60)\n"
        "    except OSError: pass", "processes",
    ),
    "threads": (
        "import threading, time\nthreading.stack_size(2**16)\nwhile True:\n    try:\n"
        "        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "    except RuntimeError: pass", "processes",
    ),
    "a daemon": (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        time.sleep(1000)\n    os._exit(0)\nos._exit(0)", "died",
    ),
    "floods": (
        "import os\nfor n in range(3, 20):\n    try:\n"
        "        while True: os.write(n, b'{\"answer\": \"x\", \"number\": 1}\\n' * 1000)\n"
        "    except OSError: pass", "flood",
    ),
    "one line without end": (
        "import os\nfor n in range(3, 20):\n    try:\n"
        "        while True: os.write(n, b'x' * 2**16)\n    except OSError: pass", "flood",
    ),
    "forges": (
        "import os\nlines = b'{\"done\": true}\\n{\"test\": \"step-slope\", \"outputs\": []}\\n'\n"
        "lines += b'[[[[' * 10**5 + b'\\n'\n"
        "lines += b'{\"answer\": \"slope\", \"number\": 0, \"value\": NaN}\\n'\n"
        "lines += b'{\"answer\": \"slope\", \"number\": 1e99}\\n\\xff\\xfe\\n{\"cell\": 3}\\n'\n"
        "for n in range(3, 20):\n    try: os.write(n, lines); os.write(n, b'1' * 10**6 + b'\\n')\n"
        "    except OSError: pass\nos._exit(0)", "",
    ),
    "prints": ("import os\nfor i in range(10**5): print('x' * 1000)", ""),
    "cancels its alarms": (
        "import signal\nfor timer in (0, 1, 2): signal.setitimer(timer, 0)\nwhile True: pass",
        "time",
    ),
}  # fmt: skip

# A thousand numbers that all fall into one place of a set.
COLLIDING = "found = lost = [i * (2**61 - 1) for i in range(1, 40_001)]"

# Written answers that would be more than words in a page.
ESSAYS = {
    "script": "I think <script>alert(1)</script> so.\n\n<img src=x onerror=alert(1)>",
    "markdown": "[a](javascript:alert(1)) ![b](http://example.org/b.png) <svg/onload=alert(1)>",
    "formula": r"$\href{javascript:alert(1)}{x}$ $$\text{<script>alert(1)</script>}$$ $\style{x}y$",
    "divisions": "<div>" * 16_000,
    "environments": r"\begin{a}" * 16_000 + "$$" * 4_000 + "[" * 9_000,
    "long": "word " * 3_000_000,
}
