"""Times the implicit library, where it is installed, at the jobs of script/bench.

peers.py FILE RUNS: FILE has a user, an item and a rating in each line; prints
lines of a job and its seconds.  The seconds of an iteration are what ten more
of them take; those of all pairs of items begin with the reading of the file,
as ours do with that of the table.
"""
import sys
import time

import numpy
import scipy.sparse
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import CosineRecommender


def seconds(job):
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def report(name, value):
    print(f"{name}\t{value}", flush=True)


def read(file):
    with open(file) as lines:
        rows = numpy.fromstring(lines.read(), sep=" ").reshape(-1, 3)
    users = numpy.unique(rows[:, 0], return_inverse=True)[1]
    items = numpy.unique(rows[:, 1], return_inverse=True)[1]
    values = rows[:, 2].astype(numpy.float32)
    return scipy.sparse.csr_matrix((values, (users, items)))


def train(kind, ratings, iterations, **options):
    model = kind(iterations=iterations, num_threads=0, random_state=1, **options)
    model.fit(ratings, show_progress=False)
    return model


def iteration(kind, ratings, **options):
    few = seconds(lambda: train(kind, ratings, 2, **options))
    many = seconds(lambda: train(kind, ratings, 12, **options))
    return (many - few) / 10


def main(file, runs):
    ratings = read(file)
    users = numpy.arange(ratings.shape[0])
    model = train(AlternatingLeastSquares, ratings, 2, factors=64)
    for _ in range(runs):
        report("peer_cosine", seconds(
            lambda: CosineRecommender(K=50).fit(read(file), show_progress=False)))
        for factors in (64, 128):
            report(f"peer_ials{factors}", iteration(
                AlternatingLeastSquares, ratings, factors=factors))
        report("peer_bpr", iteration(BayesianPersonalizedRanking, ratings, factors=63))
        report("peer_recommend_all", seconds(
            lambda: model.recommend(users, ratings, N=10)))


main(sys.argv[1], int(sys.argv[2]))
