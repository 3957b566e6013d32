/*
 * dense.h
 *		Dense linear algebra for whoever is about to need it.
 */
#ifndef RECSYS_ENGINE_DENSE_H
#define RECSYS_ENGINE_DENSE_H

extern void dense_require(void);

#endif							/* RECSYS_ENGINE_DENSE_H */
