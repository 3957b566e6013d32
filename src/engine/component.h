/*
 * component.h
 *		Training a component of a model that is made of several.
 */
#ifndef RECSYS_ENGINE_COMPONENT_H
#define RECSYS_ENGINE_COMPONENT_H

#include "postgres.h"

#include "engine/algorithm.h"

extern TrainContext *train_component(TrainContext *whole, const Component *component);

#endif							/* RECSYS_ENGINE_COMPONENT_H */
