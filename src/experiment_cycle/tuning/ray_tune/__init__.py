"""Search on the workers of a Ray cluster, with Ray Tune.

Ray reads its settings from the environment when it is imported: that is why they stand here.
"""

import os

for _variable, _value in {
    "RAY_USAGE_STATS_ENABLED": "0",
    # 15 unless it is said: on a machine that does other work too, trials would hardly get on
    "RAY_worker_niceness": "0",
    # no file and no table of Ray's own beside what the study keeps
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "3600",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    # relative paths in a class of the user's own mean what they mean elsewhere
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    # Ctrl-C is ours to deal with
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
}.items():
    os.environ.setdefault(_variable, _value)
