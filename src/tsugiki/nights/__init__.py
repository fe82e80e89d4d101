"""Nights of one series compared: did any checkpoint fall since the last good night?"""
