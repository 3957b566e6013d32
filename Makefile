# PGXS build of recsys.  `make && make install`, then CREATE EXTENSION recsys.
#
# PG_CONFIG     the pg_config of the server to build for
# BLAS_DIR      folder of the *serial* OpenBLAS (threads of a threaded one would
#               receive the backend's signals)
# BLAS_LIBRARY  its file, or a name that the dynamic linker finds; nothing is
#               linked with it: it is loaded by the first training that needs it
# WERROR=1      warnings are errors (what CI uses)
# SANITIZE=1    AddressSanitizer and UndefinedBehaviorSanitizer

EXTENSION = recsys
MODULE_big = recsys
DATA = $(wildcard sql/recsys--*.sql)
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
PGFILEDESC = "recsys - recommendations inside PostgreSQL"

REGRESS = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --load-extension=recsys
ISOLATION = $(patsubst test/specs/%.spec,%,$(sort $(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test --load-extension=recsys
TAP_TESTS = 1
REGRESS_PREP = test_modules
PROVE_TESTS = test/t/*.pl

BLAS_DIR ?= $(firstword $(wildcard /usr/lib/*/openblas-serial))
BLAS_LIBRARY ?= $(firstword $(if $(BLAS_DIR),$(wildcard $(BLAS_DIR)/libopenblas.so.0)) libopenblas.so.0)

PG_CPPFLAGS = -I$(CURDIR)/src
# The two warnings left out are set off by PostgreSQL's own headers.
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare $(if $(WERROR),-Werror)
# Nobody looks at errno after sqrt(), and without it sqrt() is an instruction.
PG_CFLAGS += -fno-math-errno
# Nothing but what PostgreSQL calls leaves the library (src/compat.h).
PG_CFLAGS += -fvisibility=hidden
# PostgreSQL built by gcc hands clang options and attributes it does not know.
ifneq ($(findstring clang,$(CC)),)
PG_CFLAGS += -Wno-ignored-optimization-argument -Wno-unknown-warning-option -Wno-ignored-attributes
endif
SHLIB_LINK = -lm
EXTRA_CLEAN = test/recsys.a $(foreach end,o so,test/modules/*/*.$(end) test/fuzz/*.$(end))

ifdef SANITIZE
PG_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-sanitize=alignment
SHLIB_LINK += -fsanitize=address,undefined
endif

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

src/math/blas.o src/math/blas.bc: override CPPFLAGS += -DBLAS_LIBRARY='"$(BLAS_LIBRARY)"'

# The kernels are compiled once per instruction set and chosen at run time.
ifneq ($(filter x86_64 amd64,$(host_cpu)),)
src/math/kernels_avx2.o src/math/kernels_avx2.bc: PERMIT_ISA = -mavx2 -mfma
src/math/kernels_avx512.o src/math/kernels_avx512.bc: PERMIT_ISA = -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma
src/math/kernels_avx2.o src/math/kernels_avx512.o: override CFLAGS += $(PERMIT_ISA)
src/math/kernels_avx2.bc src/math/kernels_avx512.bc: override BITCODE_CFLAGS += $(PERMIT_ISA)
endif

# What only tests call is in modules of their own, which are not installed: tests
# load them from here.  They are linked with those of our objects that they need;
# some of these have the same name, which the q of ar allows.
.PHONY: test_modules
test_modules: all test/recsys.a
	for module in modules/recsys_test fuzz; do \
		$(MAKE) -C test/$$module PG_CONFIG=$(PG_CONFIG) PG_CFLAGS='$(PG_CFLAGS)' all || exit; \
	done

test/recsys.a: $(OBJS)
	rm -f $@
	$(AR) qcs $@ $^

# Every object is rebuilt when a header changes: the tree is small.
$(OBJS): $(wildcard src/*.h src/*/*.h)
