"""What the scripts of the hosts in Python share."""
import importlib.machinery, importlib.util, threading


def extension(name, library):
    """The extension module `name`, from this file."""
    loader = importlib.machinery.ExtensionFileLoader(name, library)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def on_threads(count, kibibytes, f):
    """What `f` returns on so many threads with stacks of this size."""
    results = []
    threading.stack_size(kibibytes * 1024)
    threads = [threading.Thread(target=lambda: results.append(f())) for _ in range(count)]
    for t in threads: t.start()
    for t in threads: t.join()
    assert len(results) == count
    return sorted(results)


def failure(f):
    """How `f` fails."""
    try: f()
    except BaseException as e: return f'{type(e).__name__}: {e}'
